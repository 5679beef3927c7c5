"""What people do to a message that stands already: send again, confirm, edit, recall.

Each is done once for its `key`; the session is locked, so two at once go one after the other.
Locks: the session, then the calls that still wait.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from accounts.actions import record_audit
from accounts.models import User
from bots.actions import outbox
from bots.models import OutboundCall
from core import clock, tx
from live.events import moment
from projects.queries import agent_of, is_managing
from sessions_app import errors, events, texts
from sessions_app.actions import timeline
from sessions_app.actions.deliveries import TROUBLE, settle
from sessions_app.models import ChatSession, Message, MessageChange, MessagePart

Call = OutboundCall.State
Verb = MessageChange.Verb

# https://core.telegram.org/bots/api#deletemessage
RECALLED_WITHIN = timedelta(hours=48)

Step = tuple[str, dict[str, Any]]


def resend(*, session: ChatSession, actor: User, message: Message, key: UUID) -> Message:
    """Send what is missing of a message that failed or may not have arrived, as new calls.

    Raises Refusal `not_undelivered`, `completed`, and what every change raises.
    """

    def act(message: Message, change: MessageChange) -> None:
        missing = [part for part in _parts(message) if part.call.state in TROUBLE]
        if not missing:
            raise errors.not_undelivered()
        _send(message, missing)

    return _change(session, actor, message, key, Verb.RESENT, act)


def confirm(*, session: ChatSession, actor: User, message: Message, key: UUID) -> Message:
    """Somebody knows that what was uncertain arrived; the parts behind it are sent now.

    Raises Refusal `not_uncertain`, `completed` if there is a rest, and what every change raises.
    """

    def act(message: Message, change: MessageChange) -> None:
        parts = _parts(message)
        doubtful = [part.call for part in parts if outbox.is_doubtful(part.call)]
        if not doubtful:
            raise errors.not_uncertain()
        rest = [part for part in parts if part.call.state in TROUBLE]
        outbox.confirm(calls=doubtful)
        _send(message, [part for part in rest if part.call not in doubtful])

    return _change(session, actor, message, key, Verb.CONFIRMED, act)


def edit(*, session: ChatSession, actor: User, message: Message, key: UUID, text: str) -> Message:
    """Change the text: in place while nothing has left, else at Telegram too.

    Raises Refusal `invalid` (also for a text that needs another number of parts), `on_its_way`,
    `not_sent`, `completed`, and what every change raises.
    """
    text = texts.sendable(text)

    def act(message: Message, change: MessageChange) -> None:
        if text == message.text:
            raise errors.unchanged()
        _judge_open(message)
        _rewrite(message, texts.parts(text), change)
        _note_version(message, change)
        message.text = text

    return _change(session, actor, message, key, Verb.EDITED, act, text)


def recall(*, session: ChatSession, actor: User, message: Message, key: UUID) -> Message:
    """Take the message back: what waits never leaves, what has arrived is deleted at Telegram.

    Raises Refusal `too_old_to_recall` (48 hours), `on_its_way`, `place_unknown`, and what every
    change raises.
    """

    def act(message: Message, change: MessageChange) -> None:
        calls = _settled(_parts(message))
        sent = [call for call in calls if call.state == Call.SENT]
        if any(outbox.is_doubtful(call) for call in calls):
            raise errors.place_unknown()
        if any(_age(call) >= RECALLED_WITHIN for call in sent):
            raise errors.too_old_to_recall()
        outbox.withdraw(calls=[call for call in calls if call.state == Call.QUEUED])
        _queue(message, change, [("deleteMessage", _at(call)) for call in sent])
        message.recalled_at = change.at

    return _change(session, actor, message, key, Verb.RECALLED, act)


# ---------------------------------------------------------------- every change


def _change(
    session: ChatSession,
    actor: User,
    message: Message,
    key: UUID,
    verb: str,
    act: Callable[[Message, MessageChange], None],
    text: str = "",
) -> Message:
    """Note who did it and what was before, and do it.

    A repeat of the key returns the message as it is now. Raises Refusal `key_reused`, `not_owner`,
    `no_reply_right`, `not_from_here`, `recalled`, `changing`.
    """
    with tx.change():
        (own,) = timeline.locked(ChatSession.objects.filter(pk=session.pk))
        message = Message.objects.select_related("author__user").get(pk=message.pk, session=own)
        message.session = own
        _judge_actor(own, actor)
        if _is_repeat(message, key, verb, text):
            return message
        _judge(message)
        change = _note(message, actor, key, verb, text)
        act(message, change)
        settle(message)
        _audit(message, actor, verb)
        return message


def _judge_actor(session: ChatSession, actor: User) -> None:
    """The owner with the right to reply, or a manager."""
    if is_managing(actor, session.project):
        return
    agent = agent_of(actor, session.project)
    if agent is None or not agent.may_reply:
        raise errors.no_reply_right()
    if session.owner != agent:
        raise errors.not_owner(events.person(session.owner) if session.owner else None)


def _is_repeat(message: Message, key: UUID, verb: str, text: str) -> bool:
    first = message.changes.filter(key=key).first()
    if first and (first.verb, first.text_after) != (verb, text):
        raise errors.key_reused()
    return first is not None


def _judge(message: Message) -> None:
    if message.direction != Message.Direction.OUT:
        raise errors.not_from_here()
    if not message.parts.exists():  # its calls are purged
        raise errors.place_unknown()
    if message.recalled_at:
        raise errors.recalled()
    # Its outcome is still to come, and may have to be taken back.
    if message.change and message.change["delivery"] in OutboundCall.OPEN:
        raise errors.changing()


def _judge_open(message: Message) -> None:
    if message.session.is_completed:
        raise errors.completed()


def _note(message: Message, actor: User, key: UUID, verb: str, text: str) -> MessageChange:
    return MessageChange.objects.create(
        message=message,
        key=key,
        verb=verb,
        by=actor,
        at=clock.now(),
        text_before=message.text,
        text_after=text,
        delivery_before=message.delivery,
        error_before=message.delivery_error,
    )


def _audit(message: Message, actor: User, verb: str) -> None:
    session = message.session
    record_audit(
        company=session.project.company,
        actor=actor,
        verb=f"message.{verb}",
        target=f"{session} · {message.number}",
        data={"session": str(session.public_id), "message": str(message.public_id)},
    )


# ---------------------------------------------------------------- parts and calls


def _parts(message: Message) -> list[MessagePart]:
    """Raises Refusal `place_unknown` for a message so old that its calls are forgotten."""
    parts = list(message.parts.select_related("call").order_by("position"))
    if not parts:
        raise errors.place_unknown()
    return parts


def _send(message: Message, parts: Sequence[MessagePart]) -> None:
    """A new decision, so new calls: the old ones stay as they ended."""
    if not parts:
        return
    _judge_open(message)
    calls = [(part.call.method, part.call.params) for part in parts]
    for part, call in zip(parts, _new(message, calls), strict=True):
        part.call = call
    MessagePart.objects.bulk_update(parts, ["call"])


def _queue(message: Message, change: MessageChange, calls: Sequence[Step]) -> None:
    """Calls that change what has arrived. Each for itself: one that is refused stops no other."""
    for call in calls:
        change.calls.add(*_new(message, [call]))


def _new(message: Message, calls: Sequence[Step]) -> list[OutboundCall]:
    session = message.session
    return outbox.queue(
        bot=session.bot,
        chat_id=session.customer.telegram_id,
        calls=calls,
        send_within_s=session.project.send_within_s,
    )


def _settled(parts: Sequence[MessagePart]) -> list[OutboundCall]:
    """The parts' calls as they stay until the change ends."""
    if not outbox.hold(calls=[part.call for part in parts]):
        raise errors.on_its_way()
    keys = [part.call_id for part in parts]
    return list(OutboundCall.objects.filter(pk__in=keys).order_by("pk"))


def _rewrite(message: Message, pieces: Sequence[str], change: MessageChange) -> None:
    calls = _settled(_parts(message))
    if len(calls) != len(pieces):
        raise errors.other_number_of_parts(len(pieces), len(calls))
    states = {call.state for call in calls}
    if states == {Call.QUEUED}:
        for call, piece in zip(calls, pieces, strict=True):
            outbox.rewrite(call=call, params=call.params | {"text": piece})
    elif states == {Call.SENT}:
        edits = zip(calls, texts.parts(message.text), pieces, strict=True)
        changed = [(call, new) for call, old, new in edits if new != old]
        steps = [("editMessageText", _at(call) | {"text": new}) for call, new in changed]
        _queue(message, change, steps)
    else:
        raise errors.on_its_way() if states & set(OutboundCall.OPEN) else errors.not_sent()


def _at(call: OutboundCall) -> dict[str, Any]:
    if call.telegram_message_id is None:  # somebody said that it arrived
        raise errors.place_unknown()
    return {"chat_id": call.chat_id, "message_id": call.telegram_message_id}


def _age(call: OutboundCall) -> timedelta:
    return clock.now() - (call.sent_at or call.created_at)


def _note_version(message: Message, change: MessageChange) -> None:
    shown_at = message.edited_at or message.at
    message.versions = [*message.versions, {"text": message.text, "at": moment(shown_at)}]
    message.edited_at = change.at
