"""What ./run does: prepare a data folder, start the processes, keep them running."""
