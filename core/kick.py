"""Kicks: "look now" to a worker (`task`) or to other processes (`hint`). Both may be lost.

The truth is in the database and the clocks find whatever is due, so a kick must never hold up or
fail a commit. Kicks leave after commit over a bounded queue to one daemon thread per process, which
owns one event loop and one producer. `.delay()` in the request costs 0.7 s with a refused Redis and
25 s with a hanging one; `async_to_sync(group_send)` opens a connection per hint.
"""

import asyncio
import logging
import os
import threading
import time
from collections import deque
from contextlib import suppress
from functools import partial
from typing import Any

from celery import current_app
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import transaction
from kombu import Connection

from core import logs, metrics

log = logging.getLogger(__name__)

QUEUE_SIZE = 10_000
SEND_SECONDS = 1.0
REST_SECONDS = 1.0
# For kicks alone: a worker waits for its broker with more patience.
IMPATIENT = {
    "socket_connect_timeout": SEND_SECONDS,
    "socket_timeout": SEND_SECONDS,
    "max_retries": 0,
}

# kind, name, payload, and the id of the request it comes from
Kick = tuple[str, str, dict[str, Any], str | None]


def task(name: str, /, **kwargs: Any) -> None:
    """After commit, ask a worker to run the Celery task `name`."""
    _after_commit(("task", name, kwargs, logs.request_id()))


def hint(group: str, /, **message: Any) -> None:
    """After commit, send `message` (plain data with a "type") to a channel-layer group."""
    _after_commit(("hint", group, message, None))


def _after_commit(kick: Kick) -> None:
    if kick[0] in settings.KICKS:
        transaction.on_commit(partial(_sender().put, kick), robust=True)


def dropped() -> int:
    """How many kicks this process has dropped: a metric."""
    return _sender().dropped


def dropped_within(seconds: float) -> int:
    """How many if the latest was dropped in the last `seconds`, else 0."""
    sender = _sender()
    return sender.dropped if time.monotonic() - sender.dropped_at < seconds else 0


def queued() -> int:
    """How many wait to be sent."""
    return len(_sender().queue)


class _Sender:
    def __init__(self) -> None:
        self.pid = os.getpid()
        self.queue: deque[Kick] = deque()
        self.loop = asyncio.new_event_loop()
        self.filled = asyncio.Event()
        self.dropped = 0
        self.dropped_at = float("-inf")
        self.broker: Connection | None = None
        threading.Thread(target=self._run, name="kicks", daemon=True).start()

    def put(self, kick: Kick) -> None:
        if len(self.queue) >= QUEUE_SIZE:
            self._count_dropped(1)
            return
        self.queue.append(kick)
        self.loop.call_soon_threadsafe(self.filled.set)

    def _count_dropped(self, count: int) -> None:
        self.dropped += count
        metrics.KICKS_DROPPED.inc(count)
        self.dropped_at = time.monotonic()

    def _run(self) -> None:
        self.loop.run_until_complete(self._send_all())

    async def _send_all(self) -> None:
        while True:
            await self.filled.wait()
            self.filled.clear()
            while self.queue:
                await self._send_or_rest(self.queue.popleft())

    async def _send_or_rest(self, kick: Kick) -> None:
        try:
            await self._send_twice(kick)
        except Exception as error:
            # Old kicks are worthless once the wire is back: the clocks have found the work.
            self._count_dropped(1 + len(self.queue))
            self.queue.clear()
            self._let_go()
            log.warning("kick %s failed: %s", kick[1], type(error).__name__)
            await asyncio.sleep(REST_SECONDS)

    async def _send_twice(self, kick: Kick) -> None:
        """The first kick after the broker's restart meets a connection that is dead: it may be the
        only one of a customer's message."""
        try:
            await self._send(kick)
        except Exception:
            self._let_go()
            await self._send(kick)

    async def _send(self, kick: Kick) -> None:
        kind, name, payload, origin = kick
        layer = get_channel_layer()
        if kind == "task":
            self._publish(name, payload, origin)
        elif layer is not None:
            async with asyncio.timeout(SEND_SECONDS):
                await layer.group_send(name, payload)

    def _publish(self, name: str, payload: dict[str, Any], origin: str | None) -> None:
        if self.broker is None:
            self.broker = current_app.connection_for_write(transport_options=IMPATIENT)
        current_app.send_task(
            name,
            kwargs=payload,
            headers={"request_id": origin},
            connection=self.broker,
            ignore_result=True,
            retry=False,
        )

    def _let_go(self) -> None:
        if self.broker is not None:
            with suppress(Exception):  # it is broken already
                self.broker.release()
            self.broker = None


_current: _Sender | None = None
_lock = threading.Lock()


def _sender() -> _Sender:
    """This process's sender: threads do not survive a fork, so it is made on first use after."""
    global _current
    with _lock:
        if _current is None or _current.pid != os.getpid():
            _current = _Sender()
        return _current
