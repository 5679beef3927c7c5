"""The processes of production, as the Procfile has them."""

import os
import sys
from pathlib import Path

from tgstaff.launch.installation import BASE_DIR


def commands() -> dict[str, list[str]]:
    """Name → command, in the file's order. A shell fills in `${PORT:-8000}` and its like."""
    lines = (BASE_DIR / "Procfile").read_text().splitlines()
    named = (line.split(":", 1) for line in lines if line)
    return {name: ["/bin/sh", "-c", f"exec {words.strip()}"] for name, words in named}


def path() -> str:
    """A PATH on which the Procfile's programs are those of this Python."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
