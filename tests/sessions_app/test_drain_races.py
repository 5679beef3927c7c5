"""Drains against each other and against what agents do at the same moment."""

import threading
from collections import Counter
from functools import partial
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bots.actions import inbox as bots_inbox
from bots.models import InboundUpdate, OutboundCall
from core import clock, tx
from live.models import Event
from sessions_app.actions import inbox, messages, ownership
from sessions_app.actions.inbox import drain
from sessions_app.models import ChatSession, Message
from tests.factories import (
    make_bot,
    make_customer,
    make_project,
    make_session,
)
from tests.support.threads import somebody_waits_for_a_lock, together
from tests.support.updates import Person, store, take_in
from tests.support.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 8


@pytest.fixture
def bot(project):
    return make_bot(project)


def act(action, **kwargs):
    """As an edge calls it: repeated if another transaction was in the way."""
    return partial(tx.run, action, **kwargs)


def fine(results):
    for result in results:
        if isinstance(result, Exception):
            raise result
    return results


def dense(session):
    numbers = list(session.messages.order_by("number").values_list("number", flat=True))
    return numbers == list(range(1, session.message_count + 1))


def drain_as_another_process(bot_id):
    """Past the turns that threads of one process take."""
    return inbox._take_due(bot_id, clock.now() + inbox.DRAIN)


DRAINS = pytest.mark.parametrize("drain", [drain, drain_as_another_process])


@DRAINS
def test_it_takes_each_update_once_though_many_drain(bot, drain):
    people = [Person(bot) for _ in range(5)]
    store(bot, *(people[number % 5].says(str(number)) for number in range(100)))
    fine(together(*[partial(drain, bot.pk)] * 4))
    assert not InboundUpdate.objects.exclude(state="done").exists()
    texts = Counter(Message.objects.filter(direction="in").values_list("text", flat=True))
    assert texts == {str(number): 1 for number in range(100)}


@DRAINS
def test_it_forgets_no_update_that_is_stored_while_another_drains(bot, drain):
    """Each thread stores and kicks as the gateway does; whoever is turned away relies on the rest."""
    people = [Person(bot) for _ in range(4)]

    def write(person):
        for number in range(25):
            store(bot, person.says(str(number)))
            drain(bot.pk)

    fine(together(*(partial(write, person) for person in people)))
    assert not InboundUpdate.objects.filter(state="pending").exists()
    assert Message.objects.filter(direction="in").count() == 100
    assert all(dense(session) for session in ChatSession.objects.all())


def test_a_kick_during_a_drain_costs_no_query_and_is_not_forgotten(bot, monkeypatch):
    take_batch = inbox._take_batch

    def looks_too_early(bot_id):
        monkeypatch.setattr(inbox, "_take_batch", take_batch)
        store(bot, Person(bot).says("late"))
        with CaptureQueriesContext(connection) as queries:
            assert drain(bot_id) == 0
        assert len(queries) == 0

    monkeypatch.setattr(inbox, "_take_batch", looks_too_early)
    assert drain(bot.pk) == 1


def test_what_another_drain_finished_meanwhile_is_not_taken_in_again(bot, monkeypatch):
    """Its look was before the other's commit and its lock after it."""
    carol = Person(bot)
    take_in(bot, carol.says("Hello"))
    store(bot, carol.blocks(at=10), carol.says("I am back"), b"no JSON", carol.blocks(at=20))
    with tx.change():
        stale = bots_inbox.lock_due(bot.pk)
    assert len(stale) == 4
    assert drain(bot.pk) == 4
    head = Event.objects.count()
    store(bot, carol.says("And this?"))
    monkeypatch.setattr(bots_inbox, "lock_due", lambda bot_id: stale)
    with tx.change():
        assert inbox._take_batch(bot.pk).size == 1
    texts = Message.objects.filter(direction="in").order_by("number").values_list("text", flat=True)
    assert list(texts) == ["Hello", "I am back", "And this?"]
    kinds = Event.objects.filter(number__gt=head).order_by("number").values_list("kind", flat=True)
    assert list(kinds) == ["customer.changed", "session.changed", "message.changed"]


@pytest.mark.postgres
def test_the_page_hears_who_owns_the_session_by_the_time_a_message_is_in_it(
    bot, project, alice, bob
):
    """The drain waits for the session while it changes hands."""
    carol = Person(bot)
    customer = make_customer(project, telegram_id=carol.id)
    session = make_session(project, owner=alice, customer=customer)
    store(bot, carol.says("Hello"))
    locked = threading.Event()

    def hand_over():
        with tx.change():
            tx.lock(ChatSession.objects.filter(pk=session.pk)).get()
            locked.set()
            until(somebody_waits_for_a_lock)
            ChatSession.objects.filter(pk=session.pk).update(owner=bob)

    def take():
        assert locked.wait(10)
        return drain(bot.pk)

    assert together(hand_over, take) == [None, 1]
    event = Event.objects.get(kind="session.changed")
    assert event.payload["owner"] == {"id": str(bob.public_id), "name": "Bob"}


def test_it_drains_two_bots_at_once(bot):
    other = make_bot(make_project(name="Other"))
    people = [Person(bot) for _ in range(20)] + [Person(other) for _ in range(20)]
    for person in people:
        store(person.bot, *(person.says(str(number)) for number in range(5)))
    fine(together(partial(drain, bot.pk), partial(drain, other.pk)))
    assert Message.objects.filter(direction="in").count() == 200


def test_it_puts_a_message_that_meets_the_completion_in_an_open_session(bot, project, alice):
    for _ in range(ROUNDS):
        carol = Person(bot)
        customer = make_customer(project, telegram_id=carol.id)
        session = make_session(project, owner=alice, customer=customer)
        store(bot, carol.says("One more thing"))
        fine(
            together(
                act(ownership.complete, session=session, actor=alice.user),
                partial(drain, bot.pk),
            )
        )
        session.refresh_from_db()
        message = Message.objects.get(chat_id=carol.id, direction="in")
        # before the completion it was seen by whoever completed; after it, a session is open
        assert message.session != session or session.last_message_number == message.number
        if message.session != session:
            assert not message.session.is_completed
        assert session.is_completed


def test_it_puts_a_message_that_meets_a_reopening_in_the_one_open_session(bot, project, alice):
    for _ in range(ROUNDS):
        carol = Person(bot)
        customer = make_customer(project, telegram_id=carol.id)
        session = make_session(project, owner=alice, customer=customer, state="completed")
        store(bot, carol.says("Hello again"))
        results = together(
            act(ownership.reopen, session=session, actor=alice.user),
            partial(drain, bot.pk),
        )
        message = Message.objects.get(chat_id=carol.id, direction="in")
        assert not message.session.is_completed
        assert ChatSession.objects.open().filter(customer=customer).count() == 1
        if message.session != session:
            assert results[0].code == "open_elsewhere"


def test_it_numbers_densely_while_an_agent_replies(bot, project, alice):
    carol = Person(bot)
    customer = make_customer(project, telegram_id=carol.id)
    session = make_session(project, owner=alice, customer=customer)

    def write():
        for number in range(20):
            take_in(bot, carol.says(str(number)))

    def answer():
        for number in range(20):
            tx.run(
                messages.reply,
                session=session,
                actor=alice.user,
                key=uuid4(),
                text=f"answer {number}",
            )

    fine(together(write, answer, answer))
    session.refresh_from_db()
    assert (session.message_count, session.incoming_count) == (60, 20)
    assert dense(session)
    assert OutboundCall.objects.count() == 40
