"""Messages with text, the buttons under them, and the small signs beside them."""

from __future__ import annotations

import time

from simulator.call import Call
from simulator.entities import found_entities, given_entities, merged, parse_html, trimmed
from simulator.errors import ApiError, bad_request
from simulator.jsons import Json, dumps, without_none
from simulator.people import Chat, Message
from simulator.text import MAX_TEXT, clean, utf16_length
from simulator.updates import CALLBACK_RETENTION

CHAT_ACTIONS = {
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
}
QUERY_IS_OLD = "query is too old and response timeout expired or query ID is invalid"


def send_message(call: Call) -> Json:
    """The order of refusals is the real server's: the text first, then the chat."""
    content = text_content(call)
    markup = reply_markup(call)
    chat = call.chat()
    return post(call, chat, "text", content | markup | quoted(call, chat))


def post(call: Call, chat: Chat, kind: str, content: Json) -> Json:
    """Puts the bot's message into the chat; the whole Message is the result."""
    message = chat.new_message("bot", kind, content)
    call.entry.message_id = message.message_id
    call.world.show(chat, message)
    return message.body


def text_content(call: Call) -> Json:
    """`text` and `entities`, 1 to 4,096 UTF-16 units after parsing."""
    if not call.text("text"):
        raise bad_request("message text is empty")
    text, entities = formatted(call, "text", "entities")
    if not text:
        raise bad_request("text must be non-empty")
    if utf16_length(text) > MAX_TEXT:
        raise bad_request("message is too long")
    return without_none(text=text, entities=entities or None)


def formatted(call: Call, name: str, entities_name: str) -> tuple[str, list[Json]]:
    """The parsed, cleaned and trimmed text of a parameter, with its entities in order."""
    text = clean(call.text(name))
    entities: list[Json] = []
    mode = call.text("parse_mode").lower()
    if mode == "html":
        text, entities = parse_html(text)
    elif mode:
        raise bad_request("unsupported parse_mode")
    elif (given := call.json(entities_name)) is not None:
        entities = given_entities(given)
    text, entities = trimmed(text, entities)
    return text, merged(entities, found_entities(text))


def reply_markup(call: Call) -> Json:
    """`{"reply_markup": …}` if given; button data has 1 to 64 bytes."""
    markup = call.json("reply_markup")
    if markup is None:
        return {}
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    for row in markup.get("inline_keyboard", []):
        for button in row:
            _refuse_bad_button(button)
    return {"reply_markup": markup}


def _refuse_bad_button(button: Json) -> None:
    if not button.get("text"):
        raise bad_request("can't parse inline keyboard button: text must be non-empty")
    if "callback_data" in button and not 1 <= len(str(button["callback_data"]).encode()) <= 64:
        raise bad_request("BUTTON_DATA_INVALID")


def quoted(call: Call, chat: Chat) -> Json:
    """`{"reply_to_message": …}` by `reply_parameters`, or the older `reply_to_message_id`."""
    parameters = call.json("reply_parameters")
    given = parameters if isinstance(parameters, dict) else {}
    message_id = given.get("message_id") or call.integer("reply_to_message_id", 0, 0, 2**31)
    if not message_id:
        return {}
    message = chat.reply_to(int(message_id))
    if message is not None:
        return {"reply_to_message": message}
    if given.get("allow_sending_without_reply") or call.flag("allow_sending_without_reply"):
        return {}
    raise bad_request("message to be replied not found")


def send_chat_action(call: Call) -> bool:
    action = call.text("action").lower()
    if action not in CHAT_ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat = call.chat()
    call.world.hub.publish("action", bot=call.bot.id, person=chat.person.id, action=action)
    return True


def answer_callback_query(call: Call) -> bool:
    """Stops the button's spinner; once only, and only within the time a query lives."""
    query = call.world.callbacks.get(call.text("callback_query_id"))
    if query is None or query.bot != call.bot.id or query.is_answered:
        raise bad_request(QUERY_IS_OLD)
    if time.time() - query.pressed_at > CALLBACK_RETENTION:
        raise bad_request(QUERY_IS_OLD)
    if utf16_length(call.text("text")) > 200:
        raise ApiError(400, "Bad Request: MESSAGE_TOO_LONG")
    query.is_answered = True
    call.world.hub.publish(
        "callback_answer",
        bot=call.bot.id,
        person=query.person,
        callback_query_id=call.text("callback_query_id"),
        text=call.text("text"),
        is_alert=call.flag("show_alert"),
    )
    return True


def same_content(message: Message, content: Json, names: tuple[str, ...]) -> bool:
    """Whether an edit would change nothing one could see."""
    before = {name: message.body.get(name) for name in names}
    after = {name: content.get(name) for name in names}
    return dumps(before) == dumps(after)
