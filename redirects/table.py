"""Where each link leads, in this process's memory: not older than five seconds while the database
answers, and what was known last while it does not."""

import logging
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from core import clock, tx
from redirects.queries import Place, Way, places, ways

log = logging.getLogger(__name__)

FRESH_SECONDS = 5.0
RETRY_SECONDS = 1.0
# Without an answer for so long the database is taken to be away.
CUT_OFF_SECONDS = 12.0


@dataclass(frozen=True, slots=True)
class Moment:
    """The database's clock, and this process's own when it was asked."""

    at: datetime
    taken: float

    def now(self) -> datetime:
        return self.at + timedelta(seconds=time.monotonic() - self.taken)


class Table:
    """Read on the event loop, refreshed by a thread of its own; dictionaries are replaced or added
    to, so a reader needs no lock."""

    def __init__(self) -> None:
        self.ways: dict[str, Way] = {}
        self.places: dict[int, Place] = {}
        self.serial = -1
        self.moment: Moment | None = None
        self.has_failed = False
        self.is_stale = threading.Event()

    def find(self, code: str) -> tuple[Way, Place] | None:
        way = self.ways.get(code)
        place = self.places.get(way.project) if way else None
        return (way, place) if way and place else None

    def now(self) -> datetime:
        """Asks nobody. Only after a first refresh."""
        assert self.moment is not None
        return self.moment.now()

    @property
    def is_loaded(self) -> bool:
        return self.moment is not None

    @property
    def is_cut_off(self) -> bool:
        """The last refresh failed, or has not come back for long."""
        moment = self.moment
        late = moment is not None and time.monotonic() - moment.taken > CUT_OFF_SECONDS
        return self.has_failed or late

    def refresh(self) -> None:
        """Those links that have changed since, all projects, and the clock."""
        now = Moment(clock.now(), time.monotonic())
        found = places()
        self._take(ways(since=self.serial))
        self.places = found
        self.moment, self.has_failed = now, False

    def _take(self, changed: Iterable[tuple[Way, int]]) -> None:
        for way, serial in changed:
            self.serial = max(self.serial, serial)
            if way.is_archived:
                self.ways.pop(way.code, None)
            else:
                self.ways[way.code] = way

    def run(self) -> None:
        """For ever."""
        while True:
            self.is_stale.clear()
            try:
                with tx.borrowed():
                    self.refresh()
            except Exception as error:
                if not self.has_failed:
                    log.warning("links cannot be refreshed: %s", type(error).__name__)
                self.has_failed = True
            self.is_stale.wait(RETRY_SECONDS if self.has_failed else FRESH_SECONDS)


current = Table()


def start() -> None:
    threading.Thread(target=current.run, name="links", daemon=True).start()
