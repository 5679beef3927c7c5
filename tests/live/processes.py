"""Web processes that serve nothing but the feed socket, on the real server, and their clients."""

import json
import os
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from uuid import uuid4

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.live.pages import Page
from tests.support.processes import python, said, started
from tests.support.servers import free_port

SERVER = """
from daphne.server import Server
from channels.sessions import CookieMiddleware
from django.conf import settings
from live.sockets import FeedSocket

settings.PORTS = {{**settings.PORTS, "live.access": "tests.live.rights.everyone"}}
Server(
    application=CookieMiddleware(FeedSocket.as_asgi()),
    endpoints=["tcp:port={port}:interface=127.0.0.1"],
    ready_callable=lambda: print("ready", flush=True),
).run()
"""


def on_redis(settings, url, prefix=None):
    """Let hints of this process go over Redis. The product's own prefix is "tgstaff"."""
    host = {"address": url, "socket_timeout": None, "socket_connect_timeout": 1}
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [host], "prefix": prefix or uuid4().hex},
        },
    }


@contextmanager
def web(folder, database_url, **environment):
    """A web process; gives it and its port."""
    port = free_port()
    log = folder / f"web-{port}.log"
    log.touch()
    given = {"DATABASE_URL": database_url, **environment}
    with started(python(SERVER.format(port=port)), log, given) as process:
        said(log, "ready")
        yield process, port


def resident_mib(process):
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2


class RealPage(Page):
    """The same page over a real WebSocket."""

    async def say_text(self, text):
        await self.communicator.send(text)

    async def _read(self):
        try:
            frame = json.loads(await self.communicator.recv())
        except ConnectionClosed as closed:
            self.closed = closed.rcvd.code if closed.rcvd else 1006
            return
        await self.take(frame)


@asynccontextmanager
async def browsing(port, key):
    async with _connect(port, key) as socket:
        yield RealPage(socket)


async def silent(port, key):
    """A browser that will read no more than what fits into its buffers."""
    return RealPage(await _connect(port, key))


def _connect(port, key):
    address = f"ws://127.0.0.1:{port}/ws/app/"
    return connect(address, additional_headers={"Cookie": f"sessionid={key}"}, max_size=None)
