"""A TCP proxy that a test puts between two processes, and the bad weather on it.

It runs on an event loop and a thread of its own and knows nothing of what it carries.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from tests.support.servers import free_port

T = TypeVar("T")

CHUNK = 64 * 1024
PATIENCE_S = 20
AT_ONCE = struct.pack("ii", 1, 0)  # linger: on, for no time


@dataclass
class Weather:
    """`delay_s`: each chunk is so late, both ways. `bytes_per_s`: how fast the near side reads."""

    delay_s: float = 0.0
    bytes_per_s: float | None = None
    is_stalled: bool = False
    is_deaf: bool = False


class Link:
    """One connection that is carried. `is_asking`: the near side has spoken last."""

    def __init__(self, near: asyncio.StreamWriter) -> None:
        self.ends = [near]
        self.is_asking = False

    def abort(self) -> None:
        """With a reset, not with an end in good order."""
        for end in self.ends:
            if not end.transport.is_closing():
                end.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE
                )
                end.transport.abort()


class Proxy:
    """Listens on `port` of loopback and carries to `target` (host, port)."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self.port = free_port()
        self.weather = Weather()
        self.links: set[Link] = set()
        self.loop = asyncio.new_event_loop()
        self.clears = asyncio.Event()
        self.clears.set()
        self.server: asyncio.Server | None = None
        self.thread = threading.Thread(target=self.loop.run_forever, name="proxy", daemon=True)

    # ---------------------------------------------------------------- from any thread

    def start(self) -> None:
        self.thread.start()
        self._do(self._listen())

    def stop(self) -> None:
        self._do(self._end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(PATIENCE_S)
        self.loop.close()

    def cut(self) -> int:
        """Break every connection; how many of them waited for an answer."""
        return self._do(self._cut())

    def refuse(self) -> int:
        """Refuse connections, and break those that are open, until `clear`; as `cut`."""
        return self._do(self._refuse())

    def stall(self) -> None:
        """Carry nothing, and lose nothing, until `clear`."""
        self._do(self._set(Weather(is_stalled=True)))

    def swallow(self) -> None:
        """Half-open, until `clear`: connections stand, and what is said on them is lost."""
        self._do(self._set(Weather(is_deaf=True)))

    def delay(self, seconds: float) -> None:
        self._do(self._set(Weather(delay_s=seconds)))

    def read_slowly(self, bytes_per_s: float) -> None:
        """The near side becomes a slow reader: the far side cannot get rid of its answers."""
        self._do(self._set(Weather(bytes_per_s=bytes_per_s)))

    def clear(self) -> int:
        """Good weather. Connections that may have lost something are broken; as `cut`."""
        return self._do(self._clear())

    def _do(self, action: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(action, self.loop).result(PATIENCE_S)

    # ---------------------------------------------------------------- on the loop

    async def _listen(self) -> None:
        self.server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)

    async def _cut(self) -> int:
        asking = sum(link.is_asking for link in self.links)
        for link in self.links:
            link.abort()
        return asking

    async def _refuse(self) -> int:
        if self.server is not None:
            self.server.close()
            self.server = None
        return await self._cut()

    async def _set(self, weather: Weather) -> None:
        self.weather = weather
        if weather.is_stalled:
            self.clears.clear()
        else:
            self.clears.set()

    async def _clear(self) -> int:
        asking = await self._cut() if self.weather.is_deaf else 0
        await self._set(Weather())
        if self.server is None:
            await self._listen()
        return asking

    async def _end(self) -> None:
        await self._refuse()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _carry(self, near: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        link = Link(answers)
        self.links.add(link)
        with suppress(asyncio.CancelledError):
            await self._carry_both_ways(link, near)
        self.links.discard(link)
        for end in link.ends:
            end.close()

    async def _carry_both_ways(self, link: Link, near: asyncio.StreamReader) -> None:
        answers = link.ends[0]
        try:
            far, questions = await asyncio.open_connection(*self.target)
            link.ends.append(questions)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(link, near, questions, asks=True))
                both.create_task(self._pump(link, far, answers, asks=False))
        except* OSError:
            pass  # one side is gone, and so is the other

    async def _pump(
        self, link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, asks: bool
    ) -> None:
        while data := await reader.read(CHUNK):
            link.is_asking = asks
            if not asks and self.weather.bytes_per_s:
                await asyncio.sleep(len(data) / self.weather.bytes_per_s)
            if self.weather.delay_s:
                await asyncio.sleep(self.weather.delay_s)
            await self.clears.wait()
            if not self.weather.is_deaf:
                writer.write(data)
                await writer.drain()
        with suppress(OSError):
            writer.write_eof()


@contextmanager
def proxy(host: str, port: int) -> Iterator[Proxy]:
    """In front of `host`:`port`; good weather at first."""
    running = Proxy((host, port))
    running.start()
    try:
        yield running
    finally:
        running.stop()
