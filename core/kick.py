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
from collections import deque
from functools import partial
from typing import Any

from celery import current_app
from channels.layers import get_channel_layer
from django.db import transaction

log = logging.getLogger(__name__)

QUEUE_SIZE = 10_000
SEND_SECONDS = 1.0
REST_SECONDS = 1.0

Kick = tuple[str, str, dict[str, Any]]


def task(name: str, /, **kwargs: Any) -> None:
    """After commit, ask a worker to run the Celery task `name`."""
    transaction.on_commit(partial(_sender().put, ("task", name, kwargs)), robust=True)


def hint(group: str, /, **message: Any) -> None:
    """After commit, send `message` (plain data with a "type") to a channel-layer group."""
    transaction.on_commit(partial(_sender().put, ("hint", group, message)), robust=True)


def dropped() -> int:
    """How many kicks this process has dropped: a metric."""
    return _sender().dropped


class _Sender:
    def __init__(self) -> None:
        self.pid = os.getpid()
        self.queue: deque[Kick] = deque()
        self.filled = threading.Event()
        self.dropped = 0
        threading.Thread(target=self._run, name="kicks", daemon=True).start()

    def put(self, kick: Kick) -> None:
        if len(self.queue) >= QUEUE_SIZE:
            self.dropped += 1
            return
        self.queue.append(kick)
        self.filled.set()

    def _run(self) -> None:
        asyncio.run(self._send_all())

    async def _send_all(self) -> None:
        # The layer's connection belongs to this loop, so the loop must turn while the queue is
        # empty too: the wait happens in a thread.
        while True:
            await asyncio.to_thread(self.filled.wait)
            self.filled.clear()
            while self.queue:
                await self._send_or_rest(self.queue.popleft())

    async def _send_or_rest(self, kick: Kick) -> None:
        try:
            await _send(kick)
        except Exception as error:
            # Old kicks are worthless once the wire is back: the clocks have found the work.
            self.dropped += 1 + len(self.queue)
            self.queue.clear()
            log.warning("kick %s failed: %s", kick[1], type(error).__name__)
            await asyncio.sleep(REST_SECONDS)


async def _send(kick: Kick) -> None:
    kind, name, payload = kick
    if kind == "task":
        current_app.send_task(name, kwargs=payload, ignore_result=True, retry=False)
    else:
        layer = get_channel_layer()
        if layer is not None:
            await asyncio.wait_for(layer.group_send(name, payload), SEND_SECONDS)


_current: _Sender | None = None
_lock = threading.Lock()


def _sender() -> _Sender:
    """This process's sender: threads do not survive a fork, so it is made on first use after."""
    global _current
    with _lock:
        if _current is None or _current.pid != os.getpid():
            _current = _Sender()
        return _current
