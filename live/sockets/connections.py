"""What one page follows and has been told."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from live import metrics
from live.events import Item, as_json
from live.queries import SignIn
from live.sockets.readers import Reader, TooOld
from live.sockets.window import Window

FRAME_EVENTS = 100
FRAME_BYTES = 256 * 1024
PATIENCE_SECONDS = 30.0
MAX_WORDS = 1000


@dataclass(frozen=True)
class Viewer:
    """Who sits at the page. `stream`: that of the person's own events."""

    stream: UUID
    name: str
    sign_in: SignIn


class Connection:
    """All that a page is sent goes through `run`: one that is slow holds up nobody but itself.

    Nothing is queued for a page but numbers: events wait in the readers and in the database.
    """

    def __init__(self, viewer: Viewer, send: Callable[[str], Awaitable[None]]) -> None:
        self.id = uuid4()
        self.viewer = viewer
        self.following: dict[UUID, Subscription] = {}
        self.window = Window()
        self.farewell = ""
        self._send = send
        self._words: deque[str] = deque()
        self._pulse_at = ""
        self._due = asyncio.Event()

    def wake(self) -> None:
        self._due.set()

    def say(self, **frame: Any) -> None:
        self._words.append(as_json(frame))
        if len(self._words) > MAX_WORDS:
            self.leave("resume")
        self.wake()

    def tell_typing(self, **frame: Any) -> None:
        """For those who keep up: it is worth nothing later."""
        if not self._words and not self.window.is_full:
            self.say(type="typing", **frame)

    def pulse(self, now: str) -> None:
        self._pulse_at = now
        self.wake()

    def leave(self, code: str) -> None:
        """Let the page go: nothing but `bye {code}` follows."""
        self.farewell = self.farewell or code
        self.wake()

    def follow(self, subscription: "Subscription") -> None:
        """Begin, in the place of an earlier one of the same stream."""
        earlier = self.following.get(subscription.stream)
        if earlier:
            earlier.end()
        self.following[subscription.stream] = subscription
        subscription.reader.followers.add(subscription)

    def acknowledge(self, heads: dict[UUID, int]) -> None:
        for stream, number in heads.items():
            self.window.acknowledge(stream, number)
        self.wake()

    async def run(self) -> None:
        """Send what there is until the page has to go (`farewell`)."""
        while not self.farewell:
            await self._due.wait()
            self._due.clear()
            await self._speak()
            for subscription in list(self.following.values()):
                await self._deliver(subscription)
            if self._pulse_at:
                await self._beat()

    async def _speak(self) -> None:
        while self._words and not self.farewell:
            await self._send(self._words.popleft())

    async def _deliver(self, subscription: "Subscription") -> None:
        while subscription.is_behind and not self.window.is_full and not self.farewell:
            try:
                items = await subscription.reader.after(subscription.cursor, FRAME_EVENTS)
            except TooOld:
                subscription.reset()
                return
            # Meanwhile the page may have been signed out or lost its rights.
            if subscription.is_judged and not self.farewell:
                texts = self._take(subscription, items)
                if texts:
                    await self._send_events(subscription, texts)

    def _take(self, subscription: "Subscription", items: list[Item]) -> list[str]:
        """The next frame's events, out of `items`."""
        texts: list[str] = []
        size = 0
        for item in items:
            if size >= FRAME_BYTES or self.window.is_full:
                break
            text = item.seen_by(subscription.tags)
            if text:
                texts.append(text)
                size += item.size
                self.window.add(subscription.stream, item.number, item.size)
            subscription.cursor = item.number
        return texts

    async def _send_events(self, subscription: "Subscription", texts: list[str]) -> None:
        subscription.told = upto = subscription.cursor
        metrics.SENT.inc(len(texts))
        await self._send(
            f'{{"type":"events","stream":"{subscription.stream}",'
            f'"items":[{",".join(texts)}],"upto":{upto}}}'
        )

    async def _beat(self) -> None:
        """The pulse, after the numbers of what the viewer may not see."""
        now, self._pulse_at = self._pulse_at, ""
        if self.window.full_for() > PATIENCE_SECONDS:
            self.leave("resume")
            return
        judged = [row for row in self.following.values() if row.is_judged]
        for subscription in judged:
            if subscription.told < subscription.cursor:
                await self._send_events(subscription, [])
        heads = {str(row.stream): self._head(row) for row in judged}
        await self._send(as_json({"type": "pulse", "heads": heads, "now": now}))

    def _head(self, subscription: "Subscription") -> int:
        """A page whose window is full knows that it is behind: do not send it for more."""
        if self.window.is_full:
            return subscription.cursor
        return max(subscription.cursor, subscription.reader.high)


class Subscription:
    """One stream that one page follows: what it has been handed (`cursor`), and with which tags.

    `is_stale`: the number the page came with is none to go on from.
    """

    def __init__(
        self, connection: Connection, reader: Reader, cursor: int, *, is_stale: bool
    ) -> None:
        self.connection = connection
        self.reader = reader
        self.stream = reader.stream
        self.cursor = self.told = cursor
        self.is_stale = is_stale
        self.is_judged = False
        self.tags: frozenset[str] = frozenset()
        self.judged_at = 0.0
        self._asked = 0
        self._answered = 0

    @property
    def user_id(self) -> int:
        return self.connection.viewer.sign_in.user_id

    @property
    def has_ended(self) -> bool:
        return self.connection.following.get(self.stream) is not self

    @property
    def is_behind(self) -> bool:
        return self.is_judged and self.cursor < self.reader.high

    def wake(self) -> None:
        self.connection.wake()

    def ask(self) -> int:
        """The number of a question about rights that is put now."""
        self._asked += 1
        return self._asked

    def judge(self, tags: frozenset[str] | None, question: int) -> None:
        """The answer to a question. None: not his to see. Other tags than before: start anew."""
        if question < self._answered or self.has_ended:
            return  # a later question was answered first, or nobody listens any more
        self._answered = question
        if tags is None:
            self.refuse()
        elif self.is_stale or (self.is_judged and tags != self.tags):
            self.reset()
        else:
            self.tags, self.is_judged, self.judged_at = tags, True, time.monotonic()
            self.wake()

    def refuse(self) -> None:
        self.end()
        self.connection.say(type="refused", code="no_access", stream=str(self.stream))

    def reset(self) -> None:
        """What the page has is none to go on from: it fetches a snapshot and says hello again."""
        if not self.has_ended:
            self.end()
            metrics.RESETS.inc()
            self.connection.say(type="reset", stream=str(self.stream))

    def end(self) -> None:
        self.is_judged = False
        self.reader.followers.discard(self)
        self.connection.window.forget(self.stream)
        del self.connection.following[self.stream]
