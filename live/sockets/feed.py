"""The feed socket: one per page, for all streams the person follows. See docs/live-protocol.md."""

import asyncio
import json
import logging
import time
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, ClassVar
from uuid import UUID

from channels.consumer import get_handler_name
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import DatabaseError

from core import kick, logs
from core.aio import in_db
from live import metrics, queries
from live.queries import SignIn
from live.sockets import commands, hints, hub
from live.sockets.commands import BadCommand
from live.sockets.connections import Connection, Viewer

log = logging.getLogger(__name__)

# Of the range for applications: Daphne's WebSocket refuses to send 1001 or 1012.
CLOSE_CODES = {"signed_out": 4401, "resume": 4408, "bad_command": 4400, "shutdown": 4503}
BAD_COMMANDS = 5
TYPING_SECONDS = 1.0


class PageGone(Exception):
    """There is nobody to send to any more."""


class FeedSocket(AsyncWebsocketConsumer):
    """Subclasses fill the hooks `opened`, `beat` and `closed`, and name the pages' `build`.

    `self.connection.id` and `self.user_id` are there from `opened` to `closed`. Stands behind
    channels' CookieMiddleware; who is signed in is looked up here, after the handshake.
    """

    # The hub listens for all its pages; a socket of its own on Redis would die with it.
    channel_layer_alias = "none"
    build: ClassVar[str] = ""

    connection: Connection | None = None

    def __init__(self, *, hub: hub.Hub | None = None) -> None:
        super().__init__()
        self._hub = hub
        self._speaking: asyncio.Task[None] | None = None
        self._said_hello = False
        self._bad_commands = 0
        self._typed_at = 0.0

    # ------------------------------------------------------------ hooks

    async def opened(self) -> None:
        """The page is there."""

    async def beat(self, state: dict[str, Any]) -> None:
        """The page says how it is: {visible, focused, notify, sound, push}."""

    async def closed(self, clean: bool) -> None:
        """The page is gone. `clean` is False when it is this server that ends."""

    # ------------------------------------------------------------ from open to close

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        clean = True
        try:
            await super().__call__(scope, receive, send)
        except asyncio.CancelledError:
            clean = False
            await self._say_bye("shutdown")
            raise
        finally:
            await self._end(clean)

    async def dispatch(self, message: Any) -> None:
        """Without the hop into a thread that channels makes for each frame, to give database
        connections back: here rows are touched through in_db alone, which does that itself."""
        await getattr(self, get_handler_name(message))(message)

    async def connect(self) -> None:
        # First: Daphne gives a handshake 5 s, and many pages may come back at once.
        await self.accept()
        session_key = self.scope["cookies"].get(settings.SESSION_COOKIE_NAME, "")
        try:
            viewer = await in_db(_viewer, session_key)
        except DatabaseError:
            await self._say_bye("resume")
            return
        if viewer is None:
            await self._say_bye("signed_out")
            return
        self.connection = Connection(viewer, self._send_text)
        logs.bind(request_id=str(self.connection.id), user=str(viewer.stream))
        self.hub = self._hub or hub.current()
        self.hub.join(self.connection)
        self._speaking = asyncio.create_task(self._speak(self.connection))
        await self._or_resume(self.connection, self.opened())

    @property
    def user_id(self) -> int:
        """Whose page it is."""
        assert self.connection is not None, "only between opened and closed"
        return self.connection.viewer.sign_in.user_id

    async def _end(self, clean: bool) -> None:
        if self.connection is None:
            return
        if self._speaking:
            self._speaking.cancel()
        await self.hub.leave(self.connection)
        await self.closed(clean)

    # ------------------------------------------------------------ down

    async def _send_text(self, text: str) -> None:
        try:
            await self.send(text_data=text)
        except Exception as error:  # each server has its own for a socket that is closed
            raise PageGone from error

    async def _speak(self, connection: Connection) -> None:
        try:
            await connection.run()
        except PageGone:
            return
        except Exception:
            log.warning("a page cannot be served", exc_info=True)
            connection.leave("resume")
        await self._say_bye(connection.farewell)

    async def _say_bye(self, code: str) -> None:
        metrics.BYES.labels(code).inc()
        with suppress(PageGone):
            await self._send_text(json.dumps({"type": "bye", "code": code}))
            await self.close(CLOSE_CODES[code])

    # ------------------------------------------------------------ up

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        connection = self.connection
        if connection is None or connection.farewell:
            return
        try:
            await self._or_resume(connection, self._obey(connection, commands.frame(text_data)))
        except BadCommand:
            self._refuse(connection)

    async def _or_resume(self, connection: Connection, work: Coroutine[Any, Any, None]) -> None:
        """What fails for a reason of ours (the database is away): the page comes back."""
        try:
            await work
        except BadCommand:
            raise
        except Exception:
            log.warning("a page is sent away", exc_info=True)
            connection.leave("resume")

    def _refuse(self, connection: Connection) -> None:
        self._bad_commands += 1
        connection.say(type="refused", code="bad_command")
        if self._bad_commands >= BAD_COMMANDS:
            connection.leave("bad_command")

    async def _obey(self, connection: Connection, command: dict[str, Any]) -> None:
        match command.get("type"):
            case "hello":
                await self._hello(connection, command)
            case "ack" if self._said_hello:
                connection.acknowledge(commands.numbers(command.get("heads")))
            case "beat" if self._said_hello:
                await self.beat(commands.state(command))
            case "typing" if self._said_hello:
                await self._typing(connection, *commands.typing(command))
            case _:
                raise BadCommand

    async def _hello(self, connection: Connection, command: dict[str, Any]) -> None:
        resume = commands.numbers(command.get("resume"))
        if not isinstance(command.get("build"), str):
            raise BadCommand
        heads = await self.hub.look(resume)
        if not self._said_hello:
            self._said_hello = True
            now = self.hub.now()
            connection.say(type="ready", connection=str(connection.id), build=self.build, now=now)
        await self.hub.follow(connection, resume, heads)

    async def _typing(self, connection: Connection, stream: UUID, session: UUID) -> None:
        followed = connection.following.get(stream)
        moment = time.monotonic()
        if followed and followed.is_judged and moment - self._typed_at >= TYPING_SECONDS:
            self._typed_at = moment
            await in_db(_hint_typing, stream, session, connection.viewer)


def _viewer(session_key: str) -> Viewer | None:
    """None: not signed in."""
    user = queries.person_of(session_key)
    if user is None:
        return None
    sign_in = SignIn(session_key, user.pk, user.get_session_auth_hash())
    return Viewer(stream=user.public_id, name=user.name, sign_in=sign_in)


def _hint_typing(stream: UUID, session: UUID, viewer: Viewer) -> None:
    kick.hint(
        hints.group(stream),
        type="feed.typing",
        stream=str(stream),
        session=str(session),
        name=viewer.name,
        by=str(viewer.stream),
    )
