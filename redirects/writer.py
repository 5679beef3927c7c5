"""Clicks are kept before their visitors go on: many in one transaction, and on this host's disk if
the database does not take them in time.

On the event loop of each web process the committer stores whatever has piled up while its last commit
ran. If that fails or takes longer than `PATIENCE_SECONDS`, they go into the spool, and so do all after
them, until the drainer, a thread that looks once a second, has stored something again. What is kept in
both places is one click, for its ticket is the key.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextvars import Context
from typing import Any

from django.db import DatabaseError, InterfaceError, connection

from core import tx
from core.aio import Line, in_db
from core.errors import Refusal
from redirects import metrics
from redirects.actions import clicks
from redirects.spool import Spool, spool

log = logging.getLogger(__name__)

AT_ONCE = 500
# More than so many wait only if neither the database nor the disk takes anything.
LONGEST = 10_000
PATIENCE_SECONDS = 1.0
RETRY_SECONDS = 1.0

STORED, SPOOLED, LOST = (metrics.CLICKS.labels(how) for how in ("stored", "spooled", "lost"))
# What a database says that is there and does not want this row.
UNWELCOME = ("22", "23")

Waiting = tuple[clicks.NewClick, "asyncio.Future[None]"]
Store = Callable[[Line, list[clicks.NewClick]], Coroutine[Any, Any, None]]


class Full(Exception):
    """Too many wait already."""


async def _store(line: Line, new: list[clicks.NewClick]) -> None:
    if connection.vendor != "postgresql":
        await in_db(tx.run, clicks.store, new)
        return
    (has_early,) = await line.row(*clicks.as_statement(new))
    if has_early:
        await in_db(tx.run, clicks.join, [click.ticket for click in new])


class Writer:
    def __init__(self, spool: Callable[[], Spool] = spool, store: Store = _store) -> None:
        self.spool = spool
        self.store = store
        self.line = Line()
        self.waiting: list[Waiting] = []
        self.is_down = False
        self._committing: asyncio.Task[None] | None = None
        self._given_up: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        threading.Thread(target=self._drain_forever, name="clicks-spool", daemon=True).start()

    # ---------------------------------------------------------------- for the two doors

    def keep(self, click: clicks.NewClick) -> Awaitable[None]:
        """What comes when it is durable. Raises Full."""
        if len(self.waiting) >= LONGEST:
            raise Full
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append((click, future))
        if self._committing is None or self._committing.done():
            self._begin()
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

    def _went_down(self, error: BaseException | str) -> None:
        if not self.is_down:
            log.warning("clicks go to the spool: %s", error)
        self.is_down = True

    def _put_aside(self, late: list[clicks.NewClick]) -> None:
        try:
            self.spool().append(click.plain() for click in late)
        except Exception as error:
            log.error("%s clicks are lost, the spool takes nothing: %s", len(late), error)
            LOST.inc(len(late))
        else:
            SPOOLED.inc(len(late))

    # ---------------------------------------------------------------- the committer

    def _begin(self) -> None:
        """In a context of its own: what it logs is not about the visitor who came first."""
        self._committing = asyncio.create_task(self._commit_all(self.line), context=Context())

    async def _commit_all(self, line: Line) -> None:
        """Until nobody waits, or it is given up. One task for all batches and no other wait than the
        store's: each turn of a loop that is never idle takes milliseconds."""
        while self.waiting:
            batch, self.waiting = self.waiting[:AT_ONCE], self.waiting[AT_ONCE:]
            is_stored = not self.is_down and await self._is_stored(batch, line)
            if line is not self.line:
                await line.close()
                return
            if is_stored:
                STORED.inc(len(batch))
            else:
                await asyncio.to_thread(self._put_aside, [click for click, _future in batch])
            _settle(batch)

    async def _is_stored(self, batch: list[Waiting], line: Line) -> bool:
        late = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self._give_up, batch)
        try:
            await self.store(line, [click for click, _future in batch])
        except Exception as error:
            if line is self.line:
                self._went_down(error)
            return False
        finally:
            late.cancel()
        return True

    def _give_up(self, batch: list[Waiting]) -> None:
        """Leave what hangs its line until the server's time-outs or TCP's end it. Another committer
        goes on, for its visitors first."""
        self._went_down("no answer in time")
        if self._committing:
            self._given_up.add(self._committing)
            self._committing.add_done_callback(self._given_up.discard)
        self.waiting = batch + self.waiting
        self.line = Line()
        self._begin()

    # ---------------------------------------------------------------- the drainer

    def _drain_forever(self) -> None:
        while True:
            has_more = self._drain()
            if not has_more:
                time.sleep(RETRY_SECONDS)

    def _drain(self) -> bool:
        """Store some of what is spooled; whether there may be more. Finding nothing, or storing it,
        shows that the database is back."""
        was_down = self.is_down
        try:
            rows = self.spool().first(AT_ONCE)
            if rows or was_down:
                with tx.borrowed():
                    self._store_spooled(rows)
        except Exception as error:
            self._went_down(error)
            return False
        if was_down:
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
            rows = [row for row in rows if self._is_welcome(row)]
        self.spool().forget([str(row["ticket"]) for row in rows])
        metrics.DRAINED.inc(len(rows))

    def _is_welcome(self, row: "dict[str, object]") -> bool:
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


def _settle(batch: list[Waiting]) -> None:
    for _click, future in batch:
        if not future.done():  # its visitor may have gone
            future.set_result(None)


def _is_unwelcome(error: DatabaseError) -> bool:
    return str(getattr(error.__cause__, "sqlstate", "")).startswith(UNWELCOME)


current = Writer()


def start() -> None:
    """Once in a web process."""
    current.start()
