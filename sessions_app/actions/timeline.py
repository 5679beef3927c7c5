"""The end of a session's timeline: numbers are dense, so whoever writes holds the session's lock."""

from typing import Any

from core import clock
from sessions_app.actions import feed
from sessions_app.models import ChatSession, Message

PREVIEW = 200


def post_system(session: ChatSession, code: str, **data: Any) -> Message:
    """Write a system line; `code` and `data` as in docs/live-protocol.md ("message").

    The session is locked. It stays what its list row shows: system lines are no news from people.
    """
    session.last_message_number += 1
    session.save(update_fields=["last_message_number"])
    message = Message.objects.create(
        session=session,
        number=session.last_message_number,
        direction=Message.Direction.SYSTEM,
        kind=code,
        data=data,
        at=clock.now(),
    )
    feed.message_changed(message)
    return message


def follow(session: ChatSession, message: Message) -> None:
    """Let the session's row show the message (in memory): the last one, and who waits for whom."""
    session.last_message_number = message.number
    session.last_message_at = message.at
    session.last_message_text = preview(message)
    session.last_message_direction = message.direction
    if message.direction == Message.Direction.IN:
        session.incoming_count += 1
        session.unanswered_since = session.unanswered_since or message.at
    else:
        session.unanswered_since = None


FOLLOWED = (
    "last_message_number",
    "last_message_at",
    "last_message_text",
    "last_message_direction",
    "incoming_count",
    "unanswered_since",
)


def preview(message: Message) -> str:
    """The text, or the kind in brackets where there is none."""
    if message.kind == "text" or message.text:
        return message.text[:PREVIEW]
    return f"[{message.kind}]"
