"""The listening socket, which can go away for a while so that connections are truly refused."""

from __future__ import annotations

import asyncio

from aiohttp import web

# Time for the answer to "go away" to reach the one who asked.
GRACE = 0.05


class Listener:
    """Listens on one loopback address; a port of 0 becomes a free one and then stays the same."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None
        self._absence: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    async def open(self, runner: web.AppRunner) -> None:
        self._runner = runner
        self._site = web.TCPSite(runner, self.host, self.port)
        await self._site.start()
        self.port = int(runner.addresses[0][1])

    def go_away(self, seconds: float) -> None:
        """Refuses connections for `seconds` and cuts those that are open."""
        if self._absence is None or self._absence.done():
            self._absence = asyncio.create_task(self._be_away(seconds))

    async def _be_away(self, seconds: float) -> None:
        assert self._runner is not None
        assert self._site is not None
        await asyncio.sleep(GRACE)
        await self._site.stop()
        self._cut_all(self._runner)
        await asyncio.sleep(seconds)
        await self.open(self._runner)

    def _cut_all(self, runner: web.AppRunner) -> None:
        server = runner.server
        for connection in list(server.connections) if server is not None else []:
            if connection.transport is not None:
                connection.transport.abort()


LISTENER = web.AppKey("listener", Listener)
