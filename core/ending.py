"""The end of a process that was told to end: whatever hangs, it is gone after a while.

Rows carry the truth, so what is cut off here is found again by another process.
"""

import os
import sys
import threading

SECONDS = 9.0
_begun = threading.Event()


def begin() -> None:
    """From now on this process has 9 s to end in good order. Safe in a signal handler."""
    if _begun.is_set():
        return
    _begun.set()
    timer = threading.Timer(SECONDS, _leave)
    timer.daemon = True
    timer.start()


def has_begun() -> bool:
    """Whether long work should stop at the next place where it can be taken up again."""
    return _begun.is_set()


def _leave() -> None:
    sys.stderr.write(f"not ended in {SECONDS:.0f} s: what is left is cut off\n")
    sys.stderr.flush()
    os._exit(os.EX_TEMPFAIL)
