"""Clicks that wait on this host's disk."""

from core.health import Figures, part
from redirects.spool import spool


@part("spool", needs_rows=False, oldest_s=60, refused=0)
def clicks_aside() -> Figures:
    """Clicks on this host's disk that are not in the database yet, and those that it refused."""
    waiting, oldest, refused = spool().state()
    return {"waiting": waiting, "oldest_s": oldest, "refused": refused}
