"""A page's side of the live protocol, spoken to the ASGI application.

Over asgiref's communicator: that of channels keeps database connections from being given back.
"""

import json
from contextlib import asynccontextmanager
from uuid import UUID

from asgiref.testing import ApplicationCommunicator
from channels.sessions import CookieMiddleware
from django.test import Client

from core import tx
from core.aio import in_db
from live.actions import record
from live.sockets import FeedSocket

PATIENCE = 20


def cookie(user):
    """A signed-in browser's cookie header."""
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser.cookies["sessionid"].value


def write(stream, *texts, audience=("everyone",), kind="message.changed", before=None):
    with tx.change():
        for text in texts:
            record(
                stream=stream,
                kind=kind,
                payload={"id": text, "was": "unassigned"},
                audience=audience,
                before=before,
            )


async def tell(stream, *texts, **fields):
    """Record one event for each text, in one change."""
    await in_db(write, stream, *texts, **fields)


class Page:
    def __init__(self, communicator, *, acknowledges=True):
        self.communicator = communicator
        self.acknowledges = acknowledges
        self.frames = []
        self.closed = None

    # ---------------------------------------------------------------- up

    async def say(self, type, **fields):
        await self.say_text(json.dumps({"type": type, **fields}))

    async def say_text(self, text):
        await self.communicator.send_input({"type": "websocket.receive", "text": text})

    async def hello(self, *streams, **resume):
        """Follow streams from 0, or from `{hex: n}`; waits for nothing."""
        numbers = {str(stream): 0 for stream in streams}
        numbers |= {str(UUID(hex=name)): number for name, number in resume.items()}
        await self.say("hello", build="b1", resume=numbers)

    async def follow(self, stream, number=0):
        await self.hello(**{stream.hex: number})

    # ---------------------------------------------------------------- down

    async def until(self, condition):
        """Read frames until `condition()` is true."""
        while not condition():
            assert self.closed is None, f"closed with {self.closed}: {self.frames[-3:]}"
            await self._read()

    async def _read(self):
        output = await self.communicator.receive_output(PATIENCE)
        if output["type"] == "websocket.close":
            self.closed = output["code"]
            return
        await self.take(json.loads(output["text"]))

    async def take(self, frame):
        self.frames.append(frame)
        if frame["type"] == "events" and self.acknowledges:
            await self.say("ack", heads={frame["stream"]: frame["upto"]})

    async def frame(self, type, **wanted):
        """The first frame of this type that has these fields, read or still to come."""

        def found():
            return [f for f in self.frames if f["type"] == type and wanted.items() <= f.items()]

        await self.until(found)
        return found()[0]

    async def until_text(self, text):
        await self.until(lambda: text in self.texts())

    async def bye(self):
        """The code of the bye and that of the close after it."""
        while self.closed is None:
            await self._read()
        assert self.frames[-1]["type"] == "bye"
        return self.frames[-1]["code"], self.closed

    def items(self, stream=None):
        return [
            item
            for frame in self.frames
            if frame["type"] == "events" and stream in (None, UUID(frame["stream"]))
            for item in frame["items"]
        ]

    def texts(self, stream=None):
        """Ids of the rows that were told; presence, which has none, may come in between."""
        return [item["data"]["id"] for item in self.items(stream) if "id" in item["data"]]

    def numbers(self, stream=None):
        return [item["n"] for item in self.items(stream)]

    def upto(self):
        return max((f["upto"] for f in self.frames if f["type"] == "events"), default=0)


@asynccontextmanager
async def opened(user=None, *, socket=FeedSocket, hub=None, key=None, acknowledges=True):
    """A page of `user` (None: of nobody), connected; no hello said."""
    application = CookieMiddleware(socket.as_asgi(hub=hub))
    key = key or (await in_db(cookie, user) if user else "nonsense")
    scope = {
        "type": "websocket",
        "path": "/ws/app/",
        "query_string": b"",
        "headers": [(b"cookie", f"sessionid={key}".encode())],
    }
    communicator = ApplicationCommunicator(application, scope)
    await communicator.send_input({"type": "websocket.connect"})
    assert await communicator.receive_output(PATIENCE) == {
        "type": "websocket.accept",
        "subprotocol": None,
    }
    try:
        yield Page(communicator, acknowledges=acknowledges)
    finally:
        await communicator.send_input({"type": "websocket.disconnect", "code": 1001})
        await communicator.wait(PATIENCE)
