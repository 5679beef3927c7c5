"""The collector of cycles, set for processes that live long."""

import gc

# Objects made and not freed until the youngest are looked through, and how often the older ones are.
THRESHOLDS = 20_000, 20, 50


def settle() -> None:
    """Called by a process that has imported everything.

    A drain of 300 messages makes some 100,000 objects that die by themselves. With Python's own
    thresholds it was stopped hundreds of times to look for cycles among them, and now and then among
    all that was ever imported (docs/decisions/0066-collector.md).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
