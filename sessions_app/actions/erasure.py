"""A customer is erased for good: what is counted stays, what tells of the person goes.

docs/decisions/0092. Every column that can hold something of a customer is emptied here;
tests/sessions_app/test_erasure.py finds the one that was forgotten.
"""

from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import Q

from accounts.actions import record_audit
from accounts.models import User
from bots.actions import inbox, outbox
from bots.models import Bot, OutboundCall
from core import clock, tx
from live.actions import rewrite
from projects.queries import is_managing
from redirects.actions.clicks import forget_person
from routing.actions import lock_pool
from sessions_app import errors, telegram
from sessions_app.actions import feed, gate, timeline
from sessions_app.actions.gate import Held
from sessions_app.models import Assignment, ChatSession, Customer, Message, MessageChange, ReadMark
from sessions_app.telegram import Ignored, Trial

Call = OutboundCall.State
State = ChatSession.State

NOBODY = {"name": "", "username": "", "language": "", "blocked": False}
# Of a message: by whom, of which kind, when and whether it was sent stays, for that is counted.
UNSAID: dict[str, Any] = {
    "text": "",
    "data": {},
    "versions": [],
    "chat_id": None,
    "telegram_message_id": None,
    "reply_to_telegram_id": None,
    "delivery_text": "",
    "change": None,
}
# The same as pages were told it.
UNTOLD: dict[str, Any] = {
    **dict.fromkeys(("place", "reply_to", "error", "change")),
    "kind": "recalled",
    "text": "",
    "data": {},
    "versions": [],
}


def erase(*, customer: Customer, actor: User | None) -> bool:
    """Forget all about a customer of a project; False if that was done before. Who writes again is a
    new customer. `actor`: None is who may run commands. Raises Refusal `forbidden`.

    Locks: the inboxes (so nobody takes in what he writes meanwhile), then as the gate does.
    """
    project = customer.project
    if actor and not is_managing(actor, project):
        raise errors.forbidden()
    with tx.change():
        bots = list(_bots(customer))
        inbox.hold(bots)
        pool = lock_pool(project.pk)
        customer = tx.lock(Customer.objects.filter(pk=customer.pk)).get()
        if customer.erased_at:
            return False
        person = customer.telegram_id
        his = timeline.locked(ChatSession.objects.filter(customer=customer))
        held = [Held(pool, session) for session in his]
        _forget_calls(bots, person, his)
        inbox.forget(bots=bots, number=person, is_meant=lambda raw: _is_of(person, raw))
        clicks = {one.session.click_id for one in held if one.session.click_id}
        forget_person(project=project, person=person, besides=clicks)
        _blank_customer(customer)
        _blank_sessions(held, customer)
        _blank_feed(customer, his)
        _tell(held)
        record_audit(
            company=project.company,
            actor=actor,
            verb="customer.erased",
            target=project.name,
            data={"sessions": len(held)},
        )
        return True


def _bots(customer: Customer) -> Any:
    """The project's, and those of his sessions: it may have had another bot."""
    mine = Q(project=customer.project_id) | Q(sessions__customer=customer)
    return Bot.objects.filter(mine).order_by("pk").distinct().values_list("pk", flat=True)


def _is_of(person: int, raw: bytes) -> bool:
    """Of those updates that hold his number: not those of somebody else who, say, passed him on."""
    parsed = telegram.parse(raw)
    if isinstance(parsed, Trial):
        return False
    return isinstance(parsed, Ignored) or parsed.sender is None or parsed.sender.id == person


def _forget_calls(bots: Collection[int], person: int, sessions: Sequence[ChatSession]) -> None:
    """What waits is never sent; of what is under way nobody will know."""
    messages = Message.objects.filter(session__in=sessions)
    messages.filter(delivery=Call.QUEUED).update(delivery=Call.FAILED)
    messages.filter(delivery=Call.SENDING).update(delivery=Call.UNCERTAIN)
    outbox.forget_chat(bots=bots, chat_id=person)


def _blank_customer(customer: Customer) -> None:
    customer.telegram_id, customer.erased_at = -customer.pk, clock.now()
    customer.first_name = customer.last_name = customer.username = customer.language_code = ""
    customer.blocked_at = customer.next_link = customer.next_click = None
    customer.save()


def _blank_sessions(held: Sequence[Held], customer: Customer) -> None:
    """The open ones end with him."""
    owners = [one.owner for one in held if one.owner]
    gate.lock_agents(owners)
    now = clock.now()
    for one in held:
        gate.end(one, Assignment.End.ERASED, now)
        gate.close(one.session, one.session.completed_at or now)
        one.session.state = State.ERASED
        one.session.customer = customer
        one.session.last_message_text = ""
        one.session.unanswered_since = one.session.own_until = None
        one.session.save()
    sessions = [one.session for one in held]
    messages = Message.objects.filter(session__in=sessions)
    MessageChange.objects.filter(message__in=messages).update(text_before="", text_after="")
    messages.update(**UNSAID)
    Assignment.objects.filter(session__in=sessions).update(note="")
    ReadMark.objects.filter(session__in=sessions).delete()


def _blank_feed(customer: Customer, sessions: Sequence[ChatSession]) -> None:
    """What pages were told of him and may still read."""
    stream, ids = customer.project.public_id, [str(session.public_id) for session in sessions]

    def of_session(payload: dict[str, Any]) -> dict[str, Any]:
        last = payload.get("last")
        return payload | {
            "customer": payload["customer"] | NOBODY,
            "last": last and last | {"text": ""},
        }

    rewrite(stream=stream, kind="session.changed", field="id", ids=ids, change=of_session)
    rewrite(
        stream=stream,
        kind="message.changed",
        field="session",
        ids=ids,
        change=lambda payload: payload | UNTOLD,
    )
    rewrite(
        stream=stream,
        kind="customer.changed",
        field="id",
        ids=[str(customer.public_id)],
        change=lambda payload: payload | NOBODY,
    )


def _tell(held: Sequence[Held]) -> None:
    for one in held:
        if one.was != State.ERASED:
            feed.session_erased(one.session, was=one.was, before=one.before)
    freed = [one for one in held if one.owner]
    if freed:
        gate.tell_standing(freed[0].pool.project, [one.owner for one in freed])
        gate.route(freed[0], "freed")
