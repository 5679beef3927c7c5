"""What Telegram's updates mean for a customer service: plain data in, plain data out.

Pure and low in the grammar, beside `errors`: no rows, no clock, no settings. `parse` never raises,
whatever the bytes. Fields and limits: https://core.telegram.org/bots/api (10.x).
"""

import json
import math
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from core.text import storable

Json = dict[str, Any]

MARK = "tgstaff_dry_run"
BIGGEST = 2**63 - 1  # what a BigIntegerField keeps
KIND_LENGTH = 40
DATA_CHARACTERS = 32_000
DEPTH = 20

# Updates about something that is no message from a customer to the bot. They open nothing.
IGNORED = {
    "business_connection",
    "business_message",
    "callback_query",
    "channel_post",
    "chat_boost",
    "chat_join_request",
    "chat_member",
    "chosen_inline_result",
    "deleted_business_messages",
    "edited_business_message",
    "edited_channel_post",
    "inline_query",
    "message_reaction",
    "message_reaction_count",
    "poll",
    "poll_answer",
    "pre_checkout_query",
    "purchased_paid_media",
    "removed_chat_boost",
    "shipping_query",
}
# What every message may carry beside its content; whatever else it carries names its kind.
FRAME = {
    "author_signature",
    "business_connection_id",
    "caption",
    "caption_entities",
    "chat",
    "date",
    "direct_messages_topic",
    "edit_date",
    "effect_id",
    "entities",
    "external_reply",
    "forward_origin",
    "from",
    "has_media_spoiler",
    "has_protected_content",
    "is_automatic_forward",
    "is_from_offline",
    "is_paid_post",
    "is_topic_message",
    "link_preview_options",
    "media_group_id",
    "message_id",
    "message_thread_id",
    "paid_star_count",
    "quote",
    "reply_markup",
    "reply_to_checklist_task_id",
    "reply_to_message",
    "reply_to_story",
    "sender_boost_count",
    "sender_business_bot",
    "sender_chat",
    "show_caption_above_media",
    "suggested_post_info",
    "via_bot",
}
# What of that frame the page shows, under our own names.
ASIDE = {"album": "media_group_id", "forward": "forward_origin", "quote": "quote", "via": "via_bot"}
# An animation carries a document too and a venue a location: the telling one first.
TELLING = ("text", "animation", "venue")
START = re.compile(r"/start(?:@\w+)?(?:\s+([A-Za-z0-9_-]{1,64}))?\s*")
# For bytes that are no JSON (a webhook body cut at its limit, say): whose were they?
PRIVATE_CHAT = re.compile(rb'"chat"\s*:\s*\{([^{}]*"type"\s*:\s*"private"[^{}]*)\}')
CHAT_ID = re.compile(rb'"id"\s*:\s*([1-9][0-9]{0,17})\b')


@dataclass(frozen=True)
class Sender:
    """A person in a private chat with the bot; his id is the chat's id."""

    id: int
    first_name: str = ""
    last_name: str = ""
    username: str = ""
    language_code: str = ""

    @property
    def is_named(self) -> bool:
        return bool(self.first_name or self.last_name or self.username)


@dataclass(frozen=True)
class Incoming:
    """A message of a private chat, new or edited. `start`: the payload if it is a START.

    `message_id` is None, and `opens` False, for a kind of update that is not known yet.
    """

    sender: Sender
    message_id: int | None
    at: datetime
    kind: str
    text: str = ""
    data: Json = field(default_factory=dict)
    reply_to: int | None = None
    edited_at: datetime | None = None
    start: str | None = None
    opens: bool = True


@dataclass(frozen=True)
class Blocked:
    """The person has blocked the bot, or let it in again."""

    sender: Sender
    at: datetime
    is_blocked: bool


@dataclass(frozen=True)
class Ignored:
    """Nothing a customer said: groups, channels, reactions, presses."""

    kind: str


@dataclass(frozen=True)
class Trial:
    """A dry run of ours (actions/dry_runs.py). `name`: its public id, if it is one."""

    name: str


@dataclass(frozen=True)
class Unreadable:
    """What could not be read, with whatever is known of whose it was.

    `opens`: it was a new message, so it may not stay unseen for want of a session.
    """

    error: str
    sender: Sender | None = None
    message_id: int | None = None
    opens: bool = False


Parsed = Incoming | Blocked | Ignored | Trial | Unreadable


class _Bad(ValueError):
    """A field that is not what Telegram documents."""


def parse(raw: bytes) -> Parsed:
    """What one update says. Never raises."""
    try:
        update = json.loads(raw)
    except (ValueError, RecursionError) as error:
        return _from_ruins(raw, error)
    if not isinstance(update, dict):
        return Unreadable("the update is no object")
    kind, content = _content(update)
    try:
        return _read(kind, content)
    except Exception as error:  # whatever is wrong with one update, the next one is read
        return _poison(kind, content, error)


def _content(update: Json) -> tuple[str, Any]:
    """The one field beside update_id: the update's kind and what it holds."""
    for kind in ("message", "edited_message", "my_chat_member"):
        if kind in update:
            return kind, update[kind]
    return next(((kind, value) for kind, value in update.items() if kind != "update_id"), ("", {}))


def _read(kind: str, content: Any) -> Parsed:
    if kind in IGNORED:
        return Ignored(kind)
    if kind == MARK:
        return Trial(str(UUID(content)))
    if kind not in {"message", "edited_message", "my_chat_member"}:
        return _unknown(kind, content)
    if content["chat"]["type"] != "private" or content.get("from", {}).get("is_bot") is True:
        return Ignored(kind)
    if kind == "my_chat_member":
        return _membership(content)
    return _incoming(content, is_edit=kind == "edited_message")


def _unknown(kind: str, content: Any) -> Parsed:
    """A kind of update newer than this program: shown by its name if it is from a customer."""
    if _best_sender(content) is None or "from" not in content:
        return Ignored(_name(kind))
    return Incoming(
        sender=_sender(content),
        message_id=None,
        at=_moment(content, "date"),
        kind=_name(kind),
        opens=False,
    )


def _membership(change: Json) -> Parsed:
    status = change["new_chat_member"]["status"]
    return Blocked(_sender(change), _moment(change, "date"), is_blocked=status == "kicked")


def _incoming(message: Json, *, is_edit: bool) -> Incoming:
    kind = _kind_of(message)
    text = _text(message)
    start = START.fullmatch(text) if kind == "text" else None
    return Incoming(
        sender=_sender(message),
        message_id=_positive(message["message_id"]),
        at=_moment(message, "date"),
        kind=kind,
        text=text,
        data=_data(message, kind),
        reply_to=_best_id(message.get("reply_to_message"), "message_id"),
        edited_at=_moment(message, "edit_date") if is_edit else None,
        start=(start.group(1) or "") if start else None,
        opens=not is_edit,
    )


def _kind_of(message: Json) -> str:
    contents = [key for key in message if key not in FRAME]
    for kind in TELLING:
        if kind in contents:
            return kind
    return _name(contents[0]) if contents else "unknown"


def _text(message: Json) -> str:
    text = message.get("text", message.get("caption", ""))
    if not isinstance(text, str):
        raise _Bad("the text is no text")
    return storable(text)


def _data(message: Json, kind: str) -> Json:
    """What the page needs to show the message beside its text."""
    data: Json = {"entities": _entities(message)}
    if kind != "text" and kind in message:
        data["content"] = _clean(message[kind])
    for ours, theirs in ASIDE.items():
        if theirs in message:
            data[ours] = _clean(message[theirs])
    if len(json.dumps(data)) > DATA_CHARACTERS:
        return {"entities": [], "too_large": True}
    return data


def _entities(message: Json) -> list[Json]:
    entities = message.get("entities", message.get("caption_entities", []))
    if not isinstance(entities, list):
        raise _Bad("the entities are no list")
    return [_clean(entity) for entity in entities if _is_entity(entity)]


def _is_entity(entity: Any) -> bool:
    if not isinstance(entity, dict) or not isinstance(entity.get("type"), str):
        return False
    return _is_count(entity.get("offset")) and _is_count(entity.get("length"))


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31


def _clean(value: Any, depth: int = 0) -> Any:
    """JSON that every database keeps: no NUL, no half characters, no NaN, no bottomless depth."""
    if depth > DEPTH:
        raise _Bad("nested too deep")
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise _Bad("a number that is none")
    if isinstance(value, list):
        return [_clean(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {storable(key): _clean(item, depth + 1) for key, item in value.items()}
    return value


def _sender(content: Json) -> Sender:
    chat = content["chat"]
    person = content.get("from") or chat
    return Sender(
        id=_positive(chat["id"]),
        first_name=_short(person, "first_name", 256),
        last_name=_short(person, "last_name", 256),
        username=_short(person, "username", 64),
        language_code=_short(person, "language_code", 35),
    )


def _short(person: Json, name: str, length: int) -> str:
    value = person.get(name) or ""
    if not isinstance(value, str):
        raise _Bad(f"{name} is no text")
    return storable(value[:length])


def _name(kind: str) -> str:
    return storable(kind[:KIND_LENGTH]) or "unknown"


def _positive(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= BIGGEST:
        raise _Bad("an id that is none")
    return value


def _moment(content: Json, name: str) -> datetime:
    return datetime.fromtimestamp(_positive(content[name]), UTC)


# ---------------------------------------------------------------- poison


def _poison(kind: str, content: Any, error: Exception) -> Unreadable:
    """Only a new message keeps its id: its original must still be able to come after an edit."""
    opens = kind == "message"
    return Unreadable(
        error=_describe(error),
        sender=_best_sender(content),
        message_id=_best_id(content, "message_id") if opens else None,
        opens=opens,
    )


def _best_sender(content: Any) -> Sender | None:
    """Whose it is if that can be known; None for groups and channels, whose ids are negative."""
    chat = content.get("chat") if isinstance(content, dict) else None
    chat_id = _best_id(chat, "id")
    if chat_id is None:
        return None
    try:
        return _sender(content)
    except (ValueError, TypeError, AttributeError):
        return Sender(chat_id)


def _best_id(content: Any, name: str) -> int | None:
    try:
        return _positive(content[name])
    except (ValueError, TypeError, KeyError):
        return None


def _from_ruins(raw: bytes, error: Exception) -> Unreadable:
    chat = PRIVATE_CHAT.search(raw)
    chat_id = CHAT_ID.search(chat.group(1)) if chat else None
    return Unreadable(
        error=_describe(error),
        sender=Sender(int(chat_id.group(1))) if chat_id else None,
        opens=b'"message"' in raw,
    )


def _describe(error: Exception) -> str:
    # json's messages and ours name no content of the message; a KeyError names a field
    return storable(f"{type(error).__name__}: {error}"[:200])
