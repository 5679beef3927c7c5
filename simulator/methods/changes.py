"""Editing and deleting messages the bot has sent."""

from __future__ import annotations

import time

from simulator.call import Call
from simulator.errors import bad_request
from simulator.jsons import Json, without_none
from simulator.methods.messages import formatted, reply_markup, same_content, text_content
from simulator.people import Chat, Message
from simulator.text import MAX_CAPTION, utf16_length

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)

DELETABLE_SECONDS = 48 * 3600


def edit_message_text(call: Call) -> Json:
    content = text_content(call) | reply_markup(call)
    return _edit(call, content, ("text", "entities", "reply_markup"))


def edit_message_caption(call: Call) -> Json:
    text, entities = formatted(call, "caption", "caption_entities")
    if utf16_length(text) > MAX_CAPTION:
        raise bad_request("message caption is too long")
    content = without_none(caption=text or None, caption_entities=entities or None)
    return _edit(
        call, content | reply_markup(call), ("caption", "caption_entities", "reply_markup")
    )


def edit_message_reply_markup(call: Call) -> Json:
    return _edit(call, reply_markup(call), ("reply_markup",))


def _edit(call: Call, content: Json, names: tuple[str, ...]) -> Json:
    chat = call.chat()
    message = _own_message(call, chat)
    if "text" in names and message.kind != "text":
        raise bad_request("there is no text in the message to edit")
    if "caption" in names and message.kind == "text":
        raise bad_request("there is no caption in the message to edit")
    if same_content(message, content, names):
        raise bad_request(NOT_MODIFIED)
    for name in names:
        message.body.pop(name, None)
    message.body |= content | {"edit_date": int(time.time())}
    call.entry.message_id = message.message_id
    call.world.show(chat, message, "edited")
    return message.body


def _own_message(call: Call, chat: Chat) -> Message:
    message = chat.messages.get(call.integer("message_id", 0, 0, 2**31))
    if message is None:
        raise bad_request("message to edit not found")
    if message.side != "bot":
        raise bad_request("message can't be edited")
    return message


def delete_message(call: Call) -> bool:
    chat = call.chat()
    message_id = call.integer("message_id", 0, 0, 2**31)
    message = chat.messages.get(message_id)
    if message and message.body["date"] < time.time() - DELETABLE_SECONDS:
        raise bad_request("message can't be deleted for everyone")
    if not _delete(call, chat, message_id):
        raise bad_request("message to delete not found")
    return True


def delete_messages(call: Call) -> bool:
    """1 to 100 at once; those that are not there are skipped."""
    ids = call.json("message_ids")
    if not isinstance(ids, list) or not all(isinstance(number, int) for number in ids):
        raise bad_request("can't parse message identifiers JSON array")
    if not 1 <= len(ids) <= 100:
        raise bad_request("there must be from 1 to 100 message identifiers")
    chat = call.chat()
    for message_id in ids:
        _delete(call, chat, message_id)
    return True


def _delete(call: Call, chat: Chat, message_id: int) -> bool:
    if chat.messages.pop(message_id, None) is None:
        return False
    call.world.hub.publish("deleted", bot=call.bot.id, person=chat.person.id, message_id=message_id)
    return True
