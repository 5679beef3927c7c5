"""`/control/people`: who writes to bots, and what they do on their phones."""

from __future__ import annotations

import random
import re

from aiohttp import web

from simulator import acts
from simulator.acts import Outgoing
from simulator.bot_api import WORLD
from simulator.contents import FILE_KINDS
from simulator.control.input import Fields, chat_of, person_of_path, read_body, read_query
from simulator.errors import BadInput
from simulator.jsons import Json
from simulator.people import Chat, Message, transcript_row

FIRST_NAMES = ("Ada", "Boris", "Chiara", "Deniz", "Emeka", "Farah", "Goran", "Hana", "Ines", "Jun")
SENDABLE = {"text", "contact", "location", "album", *FILE_KINDS}


async def add_person(request: web.Request) -> web.Response:
    fields = await read_body(request)
    world = fields.world
    person_id = fields.whole("id", 1, 2**52)
    first_name = fields.text("first_name") or random.choice(FIRST_NAMES)
    optional = {name: fields.text(name) for name in ("last_name", "username", "language_code")}
    fields.done()
    person = world.add_person(id=person_id, first_name=first_name, **optional)
    return web.json_response(world.person_json(person))


async def list_people(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    people = [world.person_json(person) for person in world.people.values()]
    return web.json_response({"people": people})


async def start(request: web.Request) -> web.Response:
    """START, with the payload of a link: at most 64 of `A-Za-z0-9_-`."""
    fields = await read_body(request)
    chat = chat_of(request, fields)
    payload = fields.text("payload") or ""
    fields.done()
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,64}", payload):
        raise BadInput("payload: must be at most 64 of A-Z a-z 0-9 _ -")
    return web.json_response(acts.press_start(fields.world, chat, payload))


async def send(request: web.Request) -> web.Response:
    fields = await read_body(request)
    chat = chat_of(request, fields)
    outgoing = _outgoing(fields)
    fields.done()
    return web.json_response(acts.send(fields.world, chat, outgoing))


def _outgoing(fields: Fields) -> Outgoing:
    kind = fields.text("kind") or "text"
    if kind not in SENDABLE:
        raise BadInput(f"kind: must be one of {', '.join(sorted(SENDABLE))}")
    return Outgoing(
        text=fields.text("text") or "",
        kind=kind,
        reply_to=fields.whole("reply_to"),
        count=fields.whole("count", 2, 10) or 3,
        file=_file(fields, kind),
        extra=fields.object(kind) or {} if kind in {"contact", "location"} else {},
    )


def _file(fields: Fields, kind: str) -> tuple[str, str, bytes] | None:
    """`file_name`, `mime_type` and `data_base64`; without the last the message gets a sample."""
    name, mime = fields.text("file_name"), fields.text("mime_type")
    data = fields.data("data_base64")
    if data is None:
        return None
    if kind not in FILE_KINDS and kind != "album":
        raise BadInput(f"data_base64: a {kind} has no file")
    sample_name, sample_mime = FILE_KINDS.get(kind, FILE_KINDS["photo"])
    return name or sample_name, mime or sample_mime, data


async def edit(request: web.Request) -> web.Response:
    fields = await read_body(request)
    chat = chat_of(request, fields)
    message_id, text = fields.needed_whole("message_id"), fields.needed_text("text")
    fields.done()
    return web.json_response(acts.edit(fields.world, chat, message_id, text))


async def press(request: web.Request) -> web.Response:
    fields = await read_body(request)
    chat = chat_of(request, fields)
    message_id, data = fields.needed_whole("message_id"), fields.needed_text("data")
    fields.done()
    return web.json_response(acts.press_button(fields.world, chat, message_id, data))


async def block(request: web.Request) -> web.Response:
    fields = await read_body(request)
    chat = chat_of(request, fields)
    fields.done()
    return web.json_response(acts.block(fields.world, chat))


async def unblock(request: web.Request) -> web.Response:
    fields = await read_body(request)
    chat = chat_of(request, fields)
    fields.done()
    return web.json_response(acts.unblock(fields.world, chat))


async def deactivate(request: web.Request) -> web.Response:
    """The person deletes their account: bots get "user is deactivated" from now on."""
    person = person_of_path(request)
    person.is_deactivated = True
    return web.json_response(request.app[WORLD].person_json(person))


async def transcript(request: web.Request) -> web.Response:
    """The chat as the person sees it: deleted messages are gone, edits have happened."""
    fields = read_query(request)
    chat = chat_of(request, fields)
    fields.done()
    messages = [_row(chat, message) for message in chat.messages.values()]
    return web.json_response({"messages": messages} | chat.as_json())


def _row(chat: Chat, message: Message) -> Json:
    """A bubble, and how far the bot has come with it."""
    update = chat.bot.queue.history.get(message.update_id or 0)
    return transcript_row(message) | {"state": update.state.value if update else None}
