"""How the bots do, all of them together. Which one it is stands on its console page."""

from datetime import datetime

from bots import queries
from core import clock
from core.health import Figures, part


@part(
    "bots",
    unserved=0,
    unread_s=90,
    erring=0,
    invalid=0,
    conflict=0,
    elsewhere=0,
    failing=0,
    deaf=0,
)
def bots() -> Figures:
    """How many there are, and how many are in which state of trouble.

    unserved: without a gateway; unread_s: since Telegram last answered a read of the polled one that
    has waited longest; erring: nothing was read since the last error.
    """
    return queries.fleet()


@part("inbox", oldest_s=30, parked_today=0)
def inbox() -> Figures:
    """Updates that are stored and not yet drained, and those given up."""
    found = queries.undrained()
    return {**found["counts"], "oldest_s": _age(found["oldest_at"])}


@part("outbox", oldest_s=60, uncertain_today=0)
def outbox() -> Figures:
    """Calls that are due and not sent, and what became of others since yesterday."""
    found = queries.unsent()
    return {**found["counts"], "oldest_s": _age(found["oldest_at"])}


def _age(at: datetime | None) -> float:
    return (clock.now() - at).total_seconds() if at else 0.0
