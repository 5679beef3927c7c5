"""One reader per stream and process: reads each new event once, for all who follow the stream."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Protocol
from uuid import UUID

from core.aio import in_db
from live import queries
from live.events import RIGHTS_KINDS, Item, item
from live.models import Event

log = logging.getLogger(__name__)

PAGE_EVENTS = 200
BLOCK_EVENTS = 100
# Of the newest, and again of what was looked back for.
MEMORY_EVENTS = 1000
MEMORY_BYTES = 1024 * 1024
REST_SECONDS = 1.0
# Hints heard during one read. What a lost one brought is missed when the next is taken, and read.
MEANWHILE_HINTS = 100


class TooOld(Exception):
    """Events after the number asked for have been purged."""


class Follower(Protocol):
    def wake(self) -> None:
        """There is something new."""


class Reader:
    """Holds the newest items, those with the numbers `low` + 1 to `high`.

    `recheck` is awaited when events say that rights may have changed, before anybody gets them.
    """

    def __init__(self, stream: UUID, recheck: Callable[[UUID], Awaitable[None]]) -> None:
        self.stream = stream
        self.followers: set[Follower] = set()
        self.low = self.high = -1
        self._items: list[Item] = []
        self._bytes = 0
        self._blocks: dict[int, list[Item]] = {}
        self._recheck = recheck
        self._due = asyncio.Event()
        self._is_reading = False
        self._meanwhile: deque[list[Event]] = deque(maxlen=MEANWHILE_HINTS)
        self._looking_back = asyncio.Lock()

    def wake(self) -> None:
        self._due.set()

    def offer(self, events: list[Event]) -> None:
        """What a hint has brought: nothing if that was too much, then the rows are read.

        Events are taken if they follow what is here and nothing has to be asked first; what is here
        already is left. During a read they wait for its end: it may bring them, too.
        """
        if events and self._is_reading:
            self._meanwhile.append(events)
            return
        news = [event for event in events if event.number > self.high]
        is_next = self.high >= 0 and bool(news) and news[0].number == self.high + 1
        if is_next and not any(event.kind in RIGHTS_KINDS for event in news):
            self._append([item(event) for event in news])
        elif news or not events:
            self.wake()

    async def run(self) -> None:
        self._due.set()
        while True:
            await self._due.wait()
            self._is_reading = True
            self._due.clear()
            try:
                await self._read_on()
            except Exception:
                log.warning("stream %s could not be read", self.stream, exc_info=True)
                await asyncio.sleep(REST_SECONDS)
                self._due.set()
            self._is_reading = False
            while self._meanwhile:
                self.offer(self._meanwhile.popleft())

    async def _read_on(self) -> None:
        if self.high < 0:
            await self._start()
        count = PAGE_EVENTS
        while count == PAGE_EVENTS:
            items = await in_db(_page, self.stream, self.high, PAGE_EVENTS)
            if any(item.kind in RIGHTS_KINDS for item in items):
                await self._recheck(self.stream)
            self._append(items)
            count = len(items)

    async def _start(self) -> None:
        head = await in_db(queries.head, self.stream)
        # What was asked before may have missed a change of rights.
        await self._recheck(self.stream)
        self.low = self.high = head
        self._wake_followers()

    def _append(self, items: list[Item]) -> None:
        if not items:
            return
        if items[0].number != self.high + 1:  # purged before they were read
            self._items.clear()
            self._bytes = 0
            self.low = items[0].number - 1
        self._items += items
        self._bytes += sum(item.size for item in items)
        self.high = items[-1].number
        self._trim()
        self._wake_followers()

    def _trim(self) -> None:
        drop = max(0, len(self._items) - MEMORY_EVENTS)
        kept = self._bytes - sum(item.size for item in self._items[:drop])
        while kept > MEMORY_BYTES and drop < len(self._items):
            kept -= self._items[drop].size
            drop += 1
        del self._items[:drop]
        self._bytes = kept
        self.low += drop

    def _wake_followers(self) -> None:
        for follower in self.followers:
            follower.wake()

    async def after(self, number: int, limit: int) -> list[Item]:
        """At most `limit` items after `number`, from memory if it reaches back so far.

        Raises TooOld.
        """
        if number < self.low:
            return (await self._look_back(number))[:limit]
        start = number - self.low
        return self._items[start : start + limit]

    async def _look_back(self, number: int) -> list[Item]:
        """Out of the block that `number` lies in: many come back at once, one reads for all."""
        start = number - number % BLOCK_EVENTS
        async with self._looking_back:
            block = self._blocks.get(start)
            if block is None:
                block = await in_db(_page, self.stream, start, BLOCK_EVENTS)
                self._keep(start, block)
        items = [item for item in block if item.number > number]
        if not items or items[0].number != number + 1:
            raise TooOld
        return items

    def _keep(self, start: int, block: list[Item]) -> None:
        """A full block never changes again. The oldest go when there are too many bytes."""
        if len(block) == BLOCK_EVENTS:
            self._blocks[start] = block
        while len(self._blocks) > 1 and self._kept_bytes() > MEMORY_BYTES:
            del self._blocks[next(iter(self._blocks))]

    def _kept_bytes(self) -> int:
        return sum(item.size for block in self._blocks.values() for item in block)


def _page(stream: UUID, number: int, limit: int) -> list[Item]:
    return [item(event) for event in queries.events_after(stream, number, limit)]
