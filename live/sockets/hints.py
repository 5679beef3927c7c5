"""Listening for hints: one channel per process, whatever the number of pages.

Hints may be lost and the wire may be down: the hub's clock finds what has grown all the same.
"""

import asyncio
import logging
from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID, uuid4

from channels.layers import BaseChannelLayer

from core import layers

log = logging.getLogger(__name__)

WIRE_SECONDS = 5.0
REST_SECONDS = 1.0
# The in-memory layer forgets members of a group after a day.
RENEW_SECONDS = 3600.0

Hint = dict[str, Any]


def group(stream: UUID) -> str:
    return f"feed.{stream.hex}"


class Hints:
    """`wanted` are the streams to listen to, `heard` gets each hint, `joined` each stream from
    which hints come from now on (what grew before was not heard)."""

    def __init__(
        self,
        *,
        wanted: Callable[[], Collection[UUID]],
        heard: Callable[[Hint], None],
        joined: Callable[[UUID], None],
    ) -> None:
        self._wanted = wanted
        self._heard = heard
        self._joined = joined
        self._changed = asyncio.Event()

    def update(self) -> None:
        """`wanted` has changed."""
        self._changed.set()

    async def run(self) -> None:
        # One name for ever: the Redis layer keeps what it knows of a channel it failed to open.
        channel = f"feeds.{uuid4().hex}"
        while True:
            try:
                await self._listen(channel)
            except* Exception as errors:
                log.warning("no hints: %s", errors.exceptions[0])
                await asyncio.sleep(REST_SECONDS)

    async def _listen(self, channel: str) -> None:
        layer = layers.current()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._receive(layer, channel))  # first: it opens the channel
            tasks.create_task(self._keep_joined(layer, channel))

    async def _receive(self, layer: BaseChannelLayer, channel: str) -> None:
        while True:
            self._heard(await layer.receive(channel))

    async def _keep_joined(self, layer: BaseChannelLayer, channel: str) -> None:
        joined: set[UUID] = set()
        try:
            while True:
                await self._join(layer, channel, joined)
                try:
                    async with asyncio.timeout(RENEW_SECONDS):
                        await self._changed.wait()
                except TimeoutError:
                    joined.clear()
        finally:
            await self._part(layer, channel, joined)

    async def _join(self, layer: BaseChannelLayer, channel: str, joined: set[UUID]) -> None:
        self._changed.clear()
        wanted = set(self._wanted())
        await self._part(layer, channel, joined - wanted)
        joined &= wanted
        for stream in wanted - joined:
            async with asyncio.timeout(WIRE_SECONDS):
                await layer.group_add(group(stream), channel)
            joined.add(stream)
            self._joined(stream)

    async def _part(self, layer: BaseChannelLayer, channel: str, streams: set[UUID]) -> None:
        async with asyncio.timeout(WIRE_SECONDS):
            for stream in streams:
                await layer.group_discard(group(stream), channel)
