"""What people do on their phones: each act changes the chat and queues what the bot hears of it."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field

from simulator.contents import CONTACT, FILE_KINDS, LOCATION, file_content
from simulator.entities import found_entities
from simulator.errors import BadInput
from simulator.files import File, sample_png
from simulator.jsons import Json, without_none
from simulator.people import Chat, Message
from simulator.text import MAX_CAPTION, MAX_TEXT, utf16_length
from simulator.world import Callback, World


@dataclass
class Outgoing:
    """What a person is about to send; `file` is (name, mime, data), else a sample is made."""

    text: str = ""
    kind: str = "text"
    reply_to: int | None = None
    count: int = 3
    file: tuple[str, str, bytes] | None = None
    extra: Json = field(default_factory=dict)


def press_start(world: World, chat: Chat, payload: str) -> Json:
    """START, also from a link, also by somebody known; it lifts a block first."""
    if chat.is_blocked:
        unblock(world, chat)
    text = f"/start {payload}" if payload else "/start"
    return send(world, chat, Outgoing(text))


def send(world: World, chat: Chat, outgoing: Outgoing) -> Json:
    """One message, or an album's several; `{"update_id", "message_id"}` of the first, and `all`."""
    _refuse_unsendable(chat, outgoing)
    _open(world, chat)
    sent = [
        _deliver(world, chat, kind, content) for kind, content in _contents(world, chat, outgoing)
    ]
    return sent[0] | {"all": sent}


def _refuse_unsendable(chat: Chat, outgoing: Outgoing) -> None:
    if chat.is_blocked:
        raise BadInput("bot: this person has blocked it; unblock or start first")
    if outgoing.kind == "text" and not outgoing.text:
        raise BadInput("text: is empty")
    limit = MAX_TEXT if outgoing.kind == "text" else MAX_CAPTION
    length = utf16_length(outgoing.text)
    if length > limit:
        raise BadInput(f"text: {length} UTF-16 units long, at most {limit} in one message")
    if outgoing.reply_to is not None and outgoing.reply_to not in chat.messages:
        raise BadInput(f"reply_to: no message {outgoing.reply_to} in this chat")


def _open(world: World, chat: Chat) -> None:
    """Anything a person sends opens the chat: from now on the bot may write."""
    if not chat.is_started:
        chat.is_started = True
        world.show_chat(chat)


def _contents(world: World, chat: Chat, outgoing: Outgoing) -> list[tuple[str, Json]]:
    quoted = chat.reply_to(outgoing.reply_to) if outgoing.reply_to is not None else None
    shared = without_none(reply_to_message=quoted)
    if outgoing.kind == "text":
        return [("text", shared | _text(outgoing.text))]
    caption = _caption(outgoing.text)
    if outgoing.kind == "contact":
        return [("contact", shared | {"contact": CONTACT | outgoing.extra})]
    if outgoing.kind == "location":
        return [("location", shared | {"location": LOCATION | outgoing.extra})]
    if outgoing.kind == "album":
        return _album(world, chat, outgoing, shared, caption)
    file = _file(world, outgoing.kind, outgoing, chat.next_message_id)
    content = file_content(chat.bot.id, file, outgoing.kind)
    return [(outgoing.kind, shared | content | caption)]


def _album(
    world: World, chat: Chat, outgoing: Outgoing, shared: Json, caption: Json
) -> list[tuple[str, Json]]:
    """Separate messages with one `media_group_id` and no end mark; the first has the caption."""
    group = {"media_group_id": str(secrets.randbelow(10**17) + 10**17)}
    contents = []
    for number in range(outgoing.count):
        file = _file(world, "photo", outgoing, chat.next_message_id + number)
        content = shared | group | file_content(chat.bot.id, file, "photo")
        contents.append(("photo", content | (caption if number == 0 else {})))
    return contents


def _file(world: World, kind: str, outgoing: Outgoing, seed: int) -> File:
    if outgoing.file is not None:
        return world.files.add(kind, *outgoing.file)
    name, mime = FILE_KINDS[kind]
    data = sample_png(seed * 37 % 111) if kind == "photo" else f"sample {kind}\n".encode() * 200
    return world.files.add(kind, name, mime, data)


def _text(text: str) -> Json:
    return without_none(text=text, entities=found_entities(text) or None)


def _caption(text: str) -> Json:
    if not text:
        return {}
    return without_none(caption=text, caption_entities=found_entities(text) or None)


def _deliver(world: World, chat: Chat, kind: str, content: Json) -> Json:
    message = chat.new_message("person", kind, content)
    message.update_id = world.queue_update(chat.bot, "message", message.body, chat)
    world.show(chat, message)
    return {"update_id": message.update_id, "message_id": message.message_id}


def edit(world: World, chat: Chat, message_id: int, text: str) -> Json:
    """A person changes a message of their own; the same text again still makes an update."""
    message = _message(chat, message_id, "person")
    fields = _text(text) if message.kind == "text" else _caption(text)
    for name in ("entities", "caption_entities"):
        message.body.pop(name, None)
    message.body |= fields | {"edit_date": int(time.time())}
    update_id = world.queue_update(chat.bot, "edited_message", message.body, chat)
    world.show(chat, message, "edited")
    return {"update_id": update_id, "message_id": message_id}


def press_button(world: World, chat: Chat, message_id: int, data: str) -> Json:
    """Presses the inline button with this `callback_data`; it spins until the bot answers."""
    message = _message(chat, message_id, "bot")
    if not any(button.get("callback_data") == data for button in _buttons(message)):
        raise BadInput(f"data: message {message_id} has no button with {data!r}")
    query_id = str(secrets.randbelow(2**62) + 2**60)
    world.callbacks[query_id] = Callback(chat.bot.id, chat.person.id, time.time())
    query = {
        "id": query_id,
        "from": chat.person.as_user(),
        "message": message.body,
        "chat_instance": str(chat.person.id * 31 + chat.bot.id),
        "data": data,
    }
    update_id = world.queue_update(chat.bot, "callback_query", query, chat)
    return {"update_id": update_id, "callback_query_id": query_id}


def block(world: World, chat: Chat) -> Json:
    return _set_blocked(world, chat, True)


def unblock(world: World, chat: Chat) -> Json:
    return _set_blocked(world, chat, False)


def _set_blocked(world: World, chat: Chat, is_blocked: bool) -> Json:
    """`my_chat_member` to "kicked" or back to "member"; doing it twice tells the bot once."""
    if not chat.is_started:
        raise BadInput("bot: this person has never started it")
    if chat.is_blocked == is_blocked:
        return {"update_id": None}
    chat.is_blocked = is_blocked
    world.show_chat(chat)
    change = {
        "chat": chat.person.as_chat(),
        "from": chat.person.as_user(),
        "date": int(time.time()),
        "old_chat_member": _member(chat, "member" if is_blocked else "kicked"),
        "new_chat_member": _member(chat, "kicked" if is_blocked else "member"),
    }
    return {"update_id": world.queue_update(chat.bot, "my_chat_member", change, chat)}


def _member(chat: Chat, status: str) -> Json:
    member: Json = {"user": chat.bot.as_user(), "status": status}
    return member | {"until_date": 0} if status == "kicked" else member


def _message(chat: Chat, message_id: int, side: str) -> Message:
    message = chat.messages.get(message_id)
    if message is None or message.side != side:
        raise BadInput(f"message_id: no message {message_id} of the {side} in this chat")
    return message


def _buttons(message: Message) -> list[Json]:
    markup = message.body.get("reply_markup", {})
    return [button for row in markup.get("inline_keyboard", []) for button in row]
