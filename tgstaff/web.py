"""Daphne that ends in good order: `python -m tgstaff.web -p 8000 tgstaff.asgi:application`.

Its own end stops at the first idle keep-alive connection (a KeyError), cuts requests short and does
not wait for the last frames of sockets: pages would see 1006 and not our `bye`.
"""

import asyncio
from contextlib import suppress
from typing import Any

from daphne.cli import CommandLineInterface
from daphne.server import Server
from daphne.ws_protocol import WebSocketProtocol
from twisted.internet.defer import Deferred

from core import ending, memory

REQUEST_SECONDS = 5.0
FRAME_SECONDS = 2.0


class DrainingServer(Server):  # type: ignore[misc]  # Daphne has no types
    """Told to end, it takes nobody new, says bye to sockets and lets requests finish."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.doors: list[Any] = []
        self.closed = asyncio.Event()  # another connection is

    def run(self) -> None:
        memory.settle()
        super().run()

    def listen_success(self, port: Any) -> None:
        super().listen_success(port)
        self.doors.append(port)

    def kill_all_applications(self) -> "Deferred[None]":
        """What Daphne calls before its reactor ends, and waits for."""
        ending.begin()
        return Deferred.fromFuture(asyncio.ensure_future(self._drain()))

    async def _drain(self) -> None:
        for door in self.doors:
            door.stopListening()
        sockets = self._applications(sockets=True)
        for application in sockets:
            application.cancel()
        await _wait_for([*sockets, *self._applications(sockets=False)], REQUEST_SECONDS)
        for application in self._applications(sockets=False):
            application.cancel()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._until_sockets_closed(), FRAME_SECONDS)

    def _applications(self, *, sockets: bool) -> "list[asyncio.Future[None]]":
        """Those that run. An idle connection has none."""
        found = [
            details.get("application_instance")
            for protocol, details in self.connections.items()
            if isinstance(protocol, WebSocketProtocol) == sockets
        ]
        return [application for application in found if application and not application.done()]

    def create_application(self, protocol: Any, scope: Any) -> Any:
        queue = super().create_application(protocol, scope)
        application = self.connections.get(protocol, {}).get("application_instance")
        if application:
            application.add_done_callback(lambda _: self._forget(protocol))
        return queue

    def protocol_disconnected(self, protocol: Any) -> None:
        if protocol in self.connections:
            super().protocol_disconnected(protocol)
            self._forget(protocol)
        self.closed.set()

    def _forget(self, protocol: Any) -> None:
        """What has ended well, at once. Daphne looks once a second; until then thousands of answered
        requests stay in memory, and then nobody is answered while they are let go."""
        details = self.connections.get(protocol, {})
        application = details.get("application_instance")
        if "disconnected" in details and (application is None or _ended_well(application)):
            del self.connections[protocol]

    async def _until_sockets_closed(self) -> None:
        """Until their browsers have answered the closing frame."""
        while any(
            isinstance(protocol, WebSocketProtocol) and "disconnected" not in details
            for protocol, details in self.connections.items()
        ):
            self.closed.clear()
            await self.closed.wait()


class WebServer(DrainingServer):
    """The product's: with what stands behind the fast door to links."""

    def run(self) -> None:
        from redirects import edge  # needs the apps, which the application has set up

        edge.start()
        super().run()


def _ended_well(application: "asyncio.Future[None]") -> bool:
    return application.done() and not application.cancelled() and application.exception() is None


async def _wait_for(applications: "list[asyncio.Future[None]]", seconds: float) -> None:
    if applications:
        await asyncio.wait(applications, timeout=seconds)


class Web(CommandLineInterface):  # type: ignore[misc]  # Daphne has no types
    server_class = WebServer


if __name__ == "__main__":
    Web.entrypoint()
