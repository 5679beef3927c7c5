"""What one web process knows of the feed: its pages, and one reader per stream they follow.

Reads of rows grow with streams, not with pages: new events are read once per stream, heads are
looked up for all streams at once, and so are sign-ins.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable
from contextvars import Context
from datetime import UTC, datetime, timedelta
from math import ceil
from operator import attrgetter
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from django.conf import settings

from core import clock
from core.aio import in_db
from live import metrics, ports, queries
from live.events import brought, moment
from live.sockets.connections import Connection, Subscription
from live.sockets.hints import Hint, Hints
from live.sockets.readers import Reader

log = logging.getLogger(__name__)

# A page that is further behind than this is quicker with a new snapshot.
RESUME_EVENTS = 10_000
# Signed out, disabled: silent within 5 s. Rights are told by events; this is the net.
SIGN_IN_SECONDS = 3.0
# All within 30 s, a tenth each time: together they would hold up events.
RIGHTS_SECONDS = 3.0
RIGHTS_ROUNDS = 10
RIGHTS_AT_ONCE = 50

Pair = tuple[int, UUID]


class Hub:
    def __init__(self) -> None:
        self.connections: set[Connection] = set()
        self.readers: dict[UUID, Reader] = {}
        self._owners: dict[UUID, set[Connection]] = {}
        self._running: dict[UUID, asyncio.Task[None]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._hints = Hints(
            wanted=lambda: self.readers, heard=self._heard, joined=self._wake_reader
        )
        self._ahead = timedelta(0)

    # ------------------------------------------------------------ pages come and go

    def join(self, connection: Connection) -> None:
        if not self.connections:
            self._start()
        self.connections.add(connection)
        metrics.PAGES.inc()
        own = connection.viewer.stream
        self._owners.setdefault(own, set()).add(connection)
        self._reader(own)

    async def leave(self, connection: Connection) -> None:
        for subscription in list(connection.following.values()):
            subscription.end()
        if connection in self.connections:
            self.connections.discard(connection)
            metrics.PAGES.dec()
        owners = self._owners.get(connection.viewer.stream, set())
        owners.discard(connection)
        if not owners:
            self._owners.pop(connection.viewer.stream, None)
        if not self.connections:
            await self._stop()

    def _start(self) -> None:
        self._tasks = [
            _begin(self._hints.run()),
            _begin(_every(settings.PULSE_SECONDS, self._pulse)),
            _begin(_every(settings.PULSE_SECONDS, self._poll)),
            _begin(_every(SIGN_IN_SECONDS, self._verify_sign_ins)),
            _begin(_every(RIGHTS_SECONDS, self._verify_rights)),
        ]

    async def _stop(self) -> None:
        tasks = [*self._tasks, *self._running.values()]
        self._tasks, self._running, self.readers = [], {}, {}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _reader(self, stream: UUID) -> Reader:
        if stream not in self.readers:
            reader = self.readers[stream] = Reader(stream, self._recheck)
            self._running[stream] = _begin(reader.run())
            self._hints.update()
        return self.readers[stream]

    def _end_idle_readers(self) -> None:
        for stream, reader in list(self.readers.items()):
            if not reader.followers and stream not in self._owners:
                del self.readers[stream]
                self._running.pop(stream).cancel()
                self._hints.update()

    # ------------------------------------------------------------ following

    async def look(self, streams: Collection[UUID]) -> dict[UUID, int]:
        """The heads of the streams; sets the clock by the way."""
        now, heads = await in_db(_look, list(streams))
        self._ahead = now - datetime.now(UTC)
        return heads

    def now(self) -> str:
        """The database's time as of the latest look."""
        return moment(datetime.now(UTC) + self._ahead) or ""

    async def follow(
        self, connection: Connection, resume: dict[UUID, int], heads: dict[UUID, int]
    ) -> None:
        """Let the page follow streams from the numbers it has. `heads` as of now."""
        for stream, number in resume.items():
            is_stale = not 0 <= heads[stream] - number <= RESUME_EVENTS
            reader = self._reader(stream)
            connection.follow(Subscription(connection, reader, number, is_stale=is_stale))
        await self._judge([connection.following[stream] for stream in resume])

    def _followers(self, stream: UUID) -> list[Subscription]:
        return [page.following[stream] for page in self.connections if stream in page.following]

    # ------------------------------------------------------------ rights

    async def _judge(self, subscriptions: Collection[Subscription]) -> None:
        rows = list(subscriptions)
        for start in range(0, len(rows), RIGHTS_AT_ONCE):
            some = [(row, row.ask()) for row in rows[start : start + RIGHTS_AT_ONCE]]
            rights = await in_db(_rights, {(row.user_id, row.stream) for row, _ in some})
            for row, question in some:
                row.judge(rights[row.user_id, row.stream], question)

    async def _recheck(self, stream: UUID) -> None:
        """Rights on the stream, or all those of the person whose own it is, may have changed."""
        owners = self._owners.get(stream, set())
        await self._check_sign_ins(owners)
        rows = {row for owner in owners for row in owner.following.values()}
        await self._judge(rows.union(self._followers(stream)))

    async def _check_sign_ins(self, connections: Iterable[Connection]) -> None:
        by_sign_in: dict[queries.SignIn, list[Connection]] = {}
        for connection in connections:
            by_sign_in.setdefault(connection.viewer.sign_in, []).append(connection)
        if by_sign_in:
            for sign_in in await in_db(queries.ended, by_sign_in.keys()):
                for connection in by_sign_in[sign_in]:
                    connection.leave("signed_out")

    async def _verify_sign_ins(self) -> None:
        await self._check_sign_ins(self.connections)

    async def _verify_rights(self) -> None:
        rows = [row for page in self.connections for row in page.following.values()]
        rows.sort(key=attrgetter("judged_at"))
        await self._judge(rows[: ceil(len(rows) / RIGHTS_ROUNDS)])

    # ------------------------------------------------------------ clocks and hints

    async def _pulse(self) -> None:
        now = self.now()
        for connection in self.connections:
            connection.pulse(now)

    async def _poll(self) -> None:
        self._end_idle_readers()
        for stream, head in (await self.look(self.readers)).items():
            reader = self.readers.get(stream)
            if reader and reader.high < head:
                reader.wake()

    def _heard(self, hint: Hint) -> None:
        stream = UUID(hint["stream"])
        if hint["type"] == "feed.typing":
            self._tell_typing(stream, hint)
        else:
            self._offer(stream, hint.get("events", ""))

    def _offer(self, stream: UUID, events: str) -> None:
        if stream in self.readers:
            self.readers[stream].offer(brought(stream, events))

    def _wake_reader(self, stream: UUID) -> None:
        if stream in self.readers:
            self.readers[stream].wake()

    def _tell_typing(self, stream: UUID, hint: Hint) -> None:
        for row in self._followers(stream):
            if row.is_judged and str(row.connection.viewer.stream) != hint["by"]:
                row.connection.tell_typing(session=hint["session"], name=hint["name"])


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def current() -> Hub:
    """The hub of the event loop that runs: a web process has one."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]


def _begin(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """In a context of its own: what it logs is not about the page that happened to come first."""
    return asyncio.create_task(work, context=Context())


async def _every(seconds: float, job: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await job()
        except Exception:
            log.warning("%s failed", job.__qualname__, exc_info=True)


def _look(streams: Collection[UUID]) -> tuple[datetime, dict[UUID, int]]:
    return clock.now(), queries.heads(streams)


def _rights(pairs: set[Pair]) -> dict[Pair, frozenset[str] | None]:
    return {pair: ports.access(*pair) for pair in pairs}
