"""Named points at which a test can have a process die as by kill -9: CRASH_AT in its environment.

A point does nothing unless TESTING is set; without it the system check core.E010 refuses CRASH_AT.
"""

import os
import signal

from django.conf import settings

# A change of that name dies just before, or just after, its COMMIT.
CHANGES = ("inbox", "drain", "reply", "claim", "outcome", "routing")
POINTS = (
    *(f"{name}.{moment}" for name in CHANGES for moment in ("before_commit", "after_commit")),
    "update.confirmed",
    "call.before",
    "call.after",
)


def here(point: str) -> None:
    """Die if this is the point that the environment names."""
    if settings.TESTING and point == settings.CRASH_AT:
        os.kill(os.getpid(), signal.SIGKILL)
