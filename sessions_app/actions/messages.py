"""What agents send: written with its calls in one change; and what they have read."""

from typing import Any
from uuid import UUID

from accounts.models import User
from bots.actions import outbox
from bots.models import OutboundCall
from core import clock, tx
from projects.models import Agent
from projects.queries import agent_of
from sessions_app import errors, events, texts
from sessions_app.actions import feed, ownership, timeline
from sessions_app.models import ChatSession, Message, MessagePart, ReadMark

State = ChatSession.State
Call = OutboundCall.State


# ---------------------------------------------------------------- reply


def reply(
    *, session: ChatSession, actor: User, key: UUID, text: str, reply_to: int | None = None
) -> Message:
    """Queue the text for the customer and write it in the session. Claims an Unassigned session.

    `key` is the page's own: a repeat returns the first result. `reply_to` is Telegram's id of the
    message that is answered. A text of more than 4,096 UTF-16 units leaves in up to ten parts.

    Raises Refusal `invalid`, `key_reused`, `completed`, `not_owner`, `no_reply_right`, and what
    `ownership.claim` raises.
    """
    text = texts.sendable(text)
    with tx.change("reply"):
        agent = agent_of(actor, session.project)
        if agent is None or not agent.may_reply:
            raise errors.no_reply_right()
        message = Message(author=agent, client_key=key, text=text, reply_to_telegram_id=reply_to)
        first = _first(session, message)
        if first:
            return first
        own = _own(session, actor, agent)
        # The same key may have been at work until we had the lock.
        return _first(own, message) or _send(own, message)


def _first(session: ChatSession, message: Message) -> Message | None:
    """What the key was used for before. Raises Refusal `key_reused` if that was something else."""
    same_key = Message.objects.filter(session=session, client_key=message.client_key)
    first = same_key.select_related("session", "author__user").first()
    if first and _body(first) != _body(message):
        raise errors.key_reused()
    return first


def _body(message: Message) -> tuple[object, ...]:
    return message.author_id, message.text, message.reply_to_telegram_id


def _own(session: ChatSession, actor: User, agent: Agent) -> ChatSession:
    """The session, locked and the agent's own; one that waits is claimed."""
    if session.state == State.UNASSIGNED:
        return ownership.claim(session=session, actor=actor)
    locked = timeline.locked(ChatSession.objects.filter(pk=session.pk))[0]
    if locked.is_completed:
        raise errors.completed()
    if locked.owner is None:  # put back in line since it was read
        return ownership.claim(session=locked, actor=actor)
    if locked.owner != agent:
        raise errors.not_owner(events.person(locked.owner))
    return locked


def _send(session: ChatSession, message: Message) -> Message:
    _put(session, message)
    session.save(update_fields=timeline.FOLLOWED)
    message.save()
    queue(session, message)
    feed.session_changed(session, was=session.state)
    feed.message_changed(message)
    return message


def _put(session: ChatSession, message: Message) -> None:
    """At the end of its timeline, as one that waits to be sent. In memory."""
    message.session = session
    message.direction = Message.Direction.OUT
    message.at = message.received_at = clock.now()
    message.bot = session.bot
    message.chat_id = session.customer.telegram_id
    message.delivery = Call.QUEUED
    timeline.append(session, message)


def greeting(session: ChatSession) -> Message:
    """What the link by which the customer came says to him: nobody's words, and no answer. In
    memory; when it is stored, `queue` sends it."""
    assert session.link is not None
    message = Message(text=session.link.greeting)
    _put(session, message)
    return message


def queue(session: ChatSession, message: Message) -> None:
    """Its calls to Telegram. The message is stored."""
    calls = outbox.queue(
        bot=session.bot,
        chat_id=session.customer.telegram_id,
        calls=[("sendMessage", params) for params in _params(session, message)],
        send_within_s=session.project.send_within_s,
    )
    MessagePart.objects.bulk_create(
        MessagePart(message=message, call=call, position=position)
        for position, call in enumerate(calls)
    )


def _params(session: ChatSession, message: Message) -> list[dict[str, Any]]:
    chat = {"chat_id": session.customer.telegram_id}
    params: list[dict[str, Any]] = [chat | {"text": part} for part in texts.parts(message.text)]
    if message.reply_to_telegram_id:
        params[0]["reply_parameters"] = {
            "message_id": message.reply_to_telegram_id,
            "allow_sending_without_reply": True,  # the customer may have deleted it
        }
    return params


# ---------------------------------------------------------------- read marks


def mark_read(*, session: ChatSession, agent: Agent, seen: int) -> int:
    """The agent has seen that many of the customer's messages; the highest mark stays."""
    seen = min(seen, session.incoming_count)
    mine = ReadMark.objects.filter(session=session, agent=agent)
    with tx.change():
        ReadMark.objects.bulk_create(
            [ReadMark(session=session, agent=agent, seen=0)], ignore_conflicts=True
        )
        if mine.filter(seen__lt=seen).update(seen=seen):
            feed.read_changed(session, agent, seen=seen)
        return mine.values_list("seen", flat=True).get()
