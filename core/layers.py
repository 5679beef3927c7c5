"""A channel layer for one process that holds several event loops.

The stock in-memory layer puts messages into `asyncio.Queue`s from whatever thread sends, which does
not wake a loop that sleeps: hints arrive a second late. This one remembers, for each channel, the
loop that receives on it and delivers there.
"""

import asyncio
import contextlib
import time
from copy import deepcopy
from typing import Any

from channels.layers import BaseChannelLayer, InMemoryChannelLayer, get_channel_layer


class ThreadsafeInMemoryChannelLayer(InMemoryChannelLayer):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.loops: dict[str, asyncio.AbstractEventLoop] = {}

    async def receive(self, channel: str) -> dict[str, Any]:
        self.loops[channel] = asyncio.get_running_loop()
        message: dict[str, Any] = await super().receive(channel)
        return message

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        home = self.loops.get(channel)
        if home is None or home is asyncio.get_running_loop():
            await super().send(channel, message)
            return
        with contextlib.suppress(RuntimeError):  # that loop has ended; so has its consumer
            home.call_soon_threadsafe(self._put, channel, deepcopy(message))

    def _put(self, channel: str, message: dict[str, Any]) -> None:
        queue = self.channels.setdefault(channel, asyncio.Queue(self.get_capacity(channel)))
        with contextlib.suppress(asyncio.QueueFull):  # hints may be lost
            queue.put_nowait((time.time() + self.expiry, message))

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        for channel in list(self.groups.get(group, ())):
            with contextlib.suppress(Exception):
                await self.send(channel, message)

    async def group_discard(self, group: str, channel: str) -> None:
        await super().group_discard(group, channel)
        if not any(channel in members for members in list(self.groups.values())):
            self.loops.pop(channel, None)


def current() -> BaseChannelLayer:
    """This process's channel layer, for those that listen; hints are sent by core.kick."""
    layer = get_channel_layer()
    assert layer is not None, "CHANNEL_LAYERS always names one"
    return layer
