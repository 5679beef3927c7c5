"""Whether the waiting line is looked at."""

from core import clock
from core.health import Figures, part
from sessions_app.queries import line


@part("line", unlooked_s=30)
def waiting_line() -> Figures:
    """Sessions that wait; unlooked_s: of the one that routing has passed over longest."""
    waiting, oldest_at, unlooked_at = line.waits()
    moment = clock.now()
    return {
        "waiting": waiting,
        "oldest_s": (moment - oldest_at).total_seconds() if oldest_at else 0.0,
        "unlooked_s": (moment - unlooked_at).total_seconds() if unlooked_at else 0.0,
    }
