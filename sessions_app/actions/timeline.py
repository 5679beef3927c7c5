"""The end of a session's timeline: numbers are dense, so whoever writes holds the session's lock."""

from typing import Any

from core import clock
from sessions_app.actions import feed
from sessions_app.models import ChatSession, Message

PREVIEW = 200
# What a new message changes in its session's row.
FOLLOWED = (
    "message_count",
    "last_message_number",
    "last_message_at",
    "last_message_text",
    "last_message_direction",
    "incoming_count",
    "unanswered_since",
)


def post_system(session: ChatSession, code: str, **data: Any) -> Message:
    """Write a system line; `code` and `data` as in docs/live-protocol.md ("message").

    The session is locked. Its list row goes on showing what people wrote.
    """
    session.message_count += 1
    session.save(update_fields=["message_count"])
    message = Message.objects.create(
        session=session,
        number=session.message_count,
        direction=Message.Direction.SYSTEM,
        kind=code,
        data=data,
        at=clock.now(),
    )
    feed.message_changed(message)
    return message


def opened(session: ChatSession, data: dict[str, Any]) -> Message:
    """The first line of a session that is being opened. In memory."""
    session.message_count = 1
    return Message(
        session=session,
        number=1,
        direction=Message.Direction.SYSTEM,
        kind="opened",
        data=data,
        at=session.opened_at,
        received_at=session.opened_at,
    )


def append(session: ChatSession, message: Message) -> None:
    """Give the message its number and let the session's row show it. In memory: save FOLLOWED."""
    session.message_count += 1
    message.number = session.last_message_number = session.message_count
    session.last_message_at = message.at
    session.last_message_text = preview(message)
    session.last_message_direction = message.direction
    if message.direction == Message.Direction.IN:
        session.incoming_count += 1
        session.unanswered_since = session.unanswered_since or message.at
    else:
        session.unanswered_since = None


def preview(message: Message) -> str:
    """The text, or the kind in brackets where there is none."""
    if message.kind == "text" or message.text:
        return message.text[:PREVIEW]
    return f"[{message.kind}]"
