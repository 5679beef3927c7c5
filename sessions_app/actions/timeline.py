"""The end of a session's timeline: numbers are dense, so whoever writes holds the session's lock."""

from collections.abc import Sequence
from typing import Any

from django.db.models import F, Min, QuerySet

from bots.models import OutboundCall
from core import clock, tx
from core.prebuilt import Blank, Insert
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
    "answer_since",
    "wrote_at",
    "answered_at",
)
# What START itself is as a message.
START = "/start"


def locked(sessions: QuerySet[ChatSession]) -> list[ChatSession]:
    """These sessions, locked, with what pages show, in the order of their keys.

    What is joined is read afterwards: a lock that had to wait brings the old rows with it.
    """
    keys = [session.pk for session in tx.lock(sessions)]
    return list(ChatSession.objects.for_page().filter(pk__in=keys).order_by("pk"))


def post_system(session: ChatSession, code: str, **data: Any) -> Message:
    """Write a system line; `code` and `data` as in docs/live-protocol.md ("message").

    The session is locked. Its list row goes on showing what people wrote.
    """
    return post_systems([(session, code, data)])[0]


def post_systems(lines: Sequence[tuple[ChatSession, str, dict[str, Any]]]) -> list[Message]:
    """Write one system line in each of these sessions: session, code and data."""
    sessions = ChatSession.objects.filter(pk__in=[session.pk for session, _, _ in lines])
    sessions.update(message_count=F("message_count") + 1)
    return add_systems(lines)


def add_systems(lines: Sequence[tuple[ChatSession, str, dict[str, Any]]]) -> list[Message]:
    """The same where the sessions' rows are written by the caller, `message_count` too."""
    now = clock.now()
    line = Blank(Message, direction=Message.Direction.SYSTEM, at=now, received_at=now)
    messages = []
    for session, code, data in lines:
        session.message_count += 1
        message = line.row(number=session.message_count, kind=code, data=data)
        message.session = session
        messages.append(message)
    store(messages)
    for message in messages:
        feed.message_changed(message)
    return messages


def store(messages: Sequence[Message]) -> None:
    """Insert them. Their sessions are locked, and their numbers given."""
    _MESSAGES.rows(messages)


_MESSAGES = Insert(Message)


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
        if not message.text.startswith(START):
            session.wrote_at = session.wrote_at or message.at
    elif message.author_id:
        session.unanswered_since = session.answer_since = None
        session.answered_at = session.answered_at or message.at


def save(sessions: Sequence[ChatSession]) -> None:
    """Store what `append` has changed. The sessions are locked and exist.

    As an upsert by key: for hundreds of rows `bulk_update`'s CASE costs ten times as much.
    """
    _FOLLOW.rows(sessions)


_FOLLOW = Insert(ChatSession, updating=FOLLOWED)


def look_for_answer(session: ChatSession) -> None:
    """Whether the session has an answer, where one has failed or an earlier failure is mended. The
    session is locked."""
    said = Message.objects.filter(
        session=session, direction=Message.Direction.OUT, author__isnull=False
    )
    arrives = said.exclude(delivery=OutboundCall.State.FAILED)
    session.answered_at = arrives.aggregate(first=Min("at"))["first"]
    session.save(update_fields=["answered_at"])


def show_again(message: Message) -> None:
    """Let its session's row follow a message whose text has changed. The session is locked."""
    session, text = message.session, preview(message)
    if session.last_message_number != message.number or session.last_message_text == text:
        return
    session.last_message_text = text
    session.save(update_fields=["last_message_text"])
    feed.session_changed(session, was=session.state)


def preview(message: Message) -> str:
    """The text, or the kind in brackets where there is none to show."""
    if message.recalled_at:
        return "[recalled]"
    if message.kind == "text" or message.text:
        return message.text[:PREVIEW]
    return f"[{message.kind}]"
