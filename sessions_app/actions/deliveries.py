"""What became of calls, and what that means for the messages that they carry or change."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q

from bots.models import OutboundCall
from core import clock, tx
from live.events import moment
from sessions_app.actions import customers, feed, timeline
from sessions_app.models import ChatSession, Customer, Message, MessageChange, MessagePart

Call = OutboundCall.State
Verb = MessageChange.Verb

# A message is as bad as its worst part.
WORST_FIRST = (Call.FAILED, Call.UNCERTAIN, Call.QUEUED, Call.SENDING, Call.SENT)
TROUBLE = frozenset({Call.FAILED, Call.UNCERTAIN})
BLOCKED = "403"
DELIVERY = ("delivery", "delivery_error", "delivery_text", "telegram_message_id")
CHANGED = ("text", "versions", "edited_at", "recalled_at", "change")


def outcomes(calls: list[OutboundCall]) -> None:
    """Calls have become sent, failed or uncertain (port of bots, inside its change)."""
    _note_blocks(call for call in calls if call.error_code == BLOCKED)
    parts = MessagePart.objects.filter(call__in=calls)
    changes = MessageChange.objects.filter(calls__in=calls)
    concerned = Q(pk__in=parts.values("message")) | Q(pk__in=changes.values("message"))
    messages = Message.objects.filter(concerned)
    sessions = ChatSession.objects.filter(pk__in=messages.values("session"))
    by_key = {session.pk: session for session in timeline.locked(sessions)}
    for message in messages.select_related("author__user").order_by("pk"):
        message.session = by_key[message.session_id]
        settle(message)


def _note_blocks(refused: Iterable[OutboundCall]) -> None:
    for call in refused:
        person = Customer.objects.filter(project__bot=call.bot_id, telegram_id=call.chat_id)
        for customer in tx.lock(person):
            customers.has_blocked(customer, clock.now())


def settle(message: Message) -> None:
    """Bring the message up to what is known of its calls, and tell pages. Its session is locked."""
    failed = message.delivery == Call.FAILED
    _derive(message)
    change = message.changes.select_related("by").order_by("-pk").first()
    if change:
        _follow(message, change)
    message.save(update_fields=(*DELIVERY, *CHANGED))
    if message.author_id and failed != (message.delivery == Call.FAILED):
        timeline.look_for_answer(message.session)
    feed.message_changed(message)
    timeline.show_again(message)


def _derive(message: Message) -> None:
    """A message's delivery is that of its worst part; its place is its first part's."""
    calls = [part.call for part in message.parts.select_related("call").order_by("position")]
    worst = worst_of(calls)
    message.delivery = worst.state
    message.delivery_error, message.delivery_text = _error(worst)
    message.telegram_message_id = calls[0].telegram_message_id


def worst_of(calls: Iterable[OutboundCall]) -> OutboundCall:
    return min(calls, key=lambda call: WORST_FIRST.index(Call(call.state)))


def _error(call: OutboundCall) -> tuple[str, str]:
    return (call.error_code, call.error_text) if call.state in TROUBLE else ("", "")


# ---------------------------------------------------------------- changes


def _follow(message: Message, change: MessageChange) -> None:
    """How far the latest change is. What Telegram refused is not so: it is taken back here too."""
    calls = list(change.calls.all())
    if calls and all(call.state == Call.FAILED for call in calls):
        _undo(message, change)
    message.change = _payload(change, worst_of(calls) if calls else None)


def _undo(message: Message, change: MessageChange) -> None:
    if change.verb == Verb.RECALLED:
        message.recalled_at = None
    elif message.text == change.text_after and message.versions:
        *message.versions, shown = message.versions
        message.text = shown["text"]
        message.edited_at = datetime.fromisoformat(shown["at"]) if message.versions else None


def _payload(change: MessageChange, worst: OutboundCall | None) -> dict[str, Any]:
    code, text = _error(worst) if worst else ("", "")
    return {
        "verb": change.verb,
        "by": change.by.name if change.by else "",
        "at": moment(change.at),
        "delivery": worst.state if worst else Call.SENT,
        "error": {"code": code, "text": text} if code else None,
        # so that an edit that was refused can be tried again
        "text": change.text_after if code else "",
    }
