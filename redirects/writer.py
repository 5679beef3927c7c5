"""Clicks are kept before their visitors go on: many in one transaction, and on this host's disk if
the database does not take them in time.

Two threads in each web process. The committer stores whatever has piled up while its last commit
ran. The keeper looks that nobody waits for long: after `PATIENCE_SECONDS` it puts what waits, and
what the committer hangs on, into the spool. From then on all goes there, until the committer, which
tries once a second, has stored something again. What is kept in both places is one click, for its
ticket is the key.
"""

import asyncio
import logging
import sqlite3
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Sequence

from django.db import DatabaseError, InterfaceError, connection

from core import tx
from core.errors import Refusal
from redirects import metrics
from redirects.actions import clicks
from redirects.spool import Spool, spool

log = logging.getLogger(__name__)

AT_ONCE = 500
# More than so many wait only if neither the database nor the disk takes anything.
LONGEST = 10_000
PATIENCE_SECONDS = 1.0
LOOK_SECONDS = 0.25
RETRY_SECONDS = 1.0
SWITCH_SECONDS = 0.0005

STORED, SPOOLED, LOST = (metrics.CLICKS.labels(how) for how in ("stored", "spooled", "lost"))
# What a database says that is there and does not want this row.
UNWELCOME = ("22", "23")

Waiting = tuple[clicks.NewClick, "asyncio.Future[None]"]


class Full(Exception):
    """Too many wait already."""


class Writer:
    def __init__(self, spool: Callable[[], Spool] = spool) -> None:
        self.spool = spool
        self.lock = threading.Lock()
        self.work = threading.Condition(self.lock)
        self.alarm = threading.Condition(self.lock)
        self.waiting: list[Waiting] = []
        self.flight: list[Waiting] = []
        self.since = 0.0  # when the oldest of both began to wait
        self.is_down = False

    def start(self) -> None:
        for name, run in (("clicks", self._commit_forever), ("clicks-spool", self._keep_forever)):
            threading.Thread(target=run, name=name, daemon=True).start()

    # ---------------------------------------------------------------- for the two doors

    def keep(self, click: clicks.NewClick) -> Awaitable[None]:
        """What comes when it is durable. Raises Full."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self.lock:
            if len(self.waiting) >= LONGEST:
                raise Full
            if not self.waiting:
                if not self.flight:
                    self.since = time.monotonic()
                (self.alarm if self.is_down else self.work).notify()
            self.waiting.append((click, future))
        return future

    def keep_now(self, click: clicks.NewClick) -> None:
        """The same for a thread that may touch rows itself."""
        if not self.is_down:
            try:
                tx.run(clicks.store, [click])
            except (DatabaseError, InterfaceError, Refusal) as error:
                self._went_down(error)
            else:
                STORED.inc()
                return
        self._put_aside([click])

    # ---------------------------------------------------------------- the committer

    def _commit_forever(self) -> None:
        next_look = 0.0
        while True:
            batch = self._next()
            if batch:
                self._commit(batch)
            if time.monotonic() >= next_look:
                has_more = self._drain()
                next_look = time.monotonic() + (0 if has_more else RETRY_SECONDS)

    def _next(self) -> list[Waiting]:
        with self.lock:
            if not self.waiting or self.is_down:
                self.work.wait(RETRY_SECONDS)
            if self.is_down:
                return []
            self.flight, self.waiting = self.waiting[:AT_ONCE], self.waiting[AT_ONCE:]
            self.since = time.monotonic()
            return self.flight

    def _commit(self, batch: list[Waiting]) -> None:
        try:
            with tx.borrowed():
                tx.run(clicks.store, [click for click, _future in batch])
        except Exception as error:
            self._went_down(error)
            if self._has_landed(batch):
                self._put_aside([click for click, _future in batch])
                _go_on(batch)
        else:
            if self._has_landed(batch):
                STORED.inc(len(batch))
                _go_on(batch)

    def _has_landed(self, batch: list[Waiting]) -> bool:
        """False: its visitors went on meanwhile, by way of the spool."""
        with self.lock:
            is_mine = self.flight is batch
            if is_mine:
                self.flight, self.since = [], time.monotonic()
            return is_mine

    def _went_down(self, error: Exception | str) -> None:
        with self.lock:
            if not self.is_down:
                log.warning("clicks go to the spool: %s", error)
            self.is_down = True
            self.alarm.notify()

    def _drain(self) -> bool:
        """Store some of what is spooled; whether there may be more. Finding nothing, or storing it,
        shows that the database is back."""
        try:
            rows = self.spool().first(AT_ONCE)
            if rows or self.is_down:
                with tx.borrowed():
                    self._store_spooled(rows)
        except Exception as error:
            self._went_down(error)
            return False
        if self.is_down:
            log.warning("clicks are stored again")
        self.is_down = False
        return len(rows) == AT_ONCE

    def _store_spooled(self, rows: "Sequence[dict[str, object]]") -> None:
        if not rows:
            connection.ensure_connection()
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            return
        try:
            tx.run(clicks.store_spooled, rows)
        except DatabaseError as error:
            if not _is_unwelcome(error):
                raise
            rows = [row for row in rows if self._is_stored(row)]
        self.spool().forget([str(row["ticket"]) for row in rows])
        metrics.DRAINED.inc(len(rows))

    def _is_stored(self, row: "dict[str, object]") -> bool:
        """By itself, so that one bad row holds up no other."""
        try:
            tx.run(clicks.store_spooled, [row])
        except DatabaseError as error:
            if not _is_unwelcome(error):
                raise
            log.error("a spooled click is refused: %s", error)
            self.spool().refuse(str(row["ticket"]), str(error))
            return False
        return True

    # ---------------------------------------------------------------- the keeper

    def _keep_forever(self) -> None:
        while True:
            late = self._late()
            if late:
                self._put_aside([click for click, _future in late])
                _go_on(late)

    def _late(self) -> list[Waiting]:
        """Who must not wait any longer."""
        with self.lock:
            if not (self.is_down and (self.waiting or self.flight)):
                self.alarm.wait(LOOK_SECONDS)
            has_any = bool(self.waiting or self.flight)
            if has_any and time.monotonic() - self.since > PATIENCE_SECONDS and not self.is_down:
                log.warning("clicks go to the spool: no answer in time")
                self.is_down = True
            if not self.is_down:
                return []
            late, self.flight, self.waiting = self.flight + self.waiting, [], []
            return late

    def _put_aside(self, late: list[clicks.NewClick]) -> None:
        try:
            self.spool().append(click.plain() for click in late)
        except (sqlite3.Error, OSError) as error:
            log.error("%s clicks are lost, the spool takes nothing: %s", len(late), error)
            LOST.inc(len(late))
        else:
            SPOOLED.inc(len(late))


def _go_on(kept: list[Waiting]) -> None:
    """Let their visitors go on."""
    loop = kept[0][1].get_loop()
    loop.call_soon_threadsafe(_settle, [future for _click, future in kept])


def _settle(futures: "list[asyncio.Future[None]]") -> None:
    for future in futures:
        if not future.done():  # its visitor may have gone
            future.set_result(None)


def _is_unwelcome(error: DatabaseError) -> bool:
    return str(getattr(error.__cause__, "sqlstate", "")).startswith(UNWELCOME)


current = Writer()


def start() -> None:
    # The committer asks for the interpreter when the database has answered. With Python's usual 5 ms
    # the event loop, which is always busy, would let the visitors of a commit wait longer than the
    # commit took.
    sys.setswitchinterval(SWITCH_SECONDS)
    current.start()
