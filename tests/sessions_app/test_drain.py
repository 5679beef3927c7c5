"""An inbox becomes customers, sessions and messages."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bots.models import InboundUpdate
from core import clock, kick
from live.models import Event
from projects.models import Project
from sessions_app.actions.inbox import drain
from sessions_app.models import ChatSession, Customer, Message
from tests.factories import make_agent, make_bot, make_lease, make_project
from tests.support.curses import refusing
from tests.support.updates import DATE, Person, again, store, take_in, update

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bot():
    return make_bot(make_project())


@pytest.fixture
def carol(bot):
    return Person(bot, last_name="Ng", username="carol", language_code="ru")


def timeline(session):
    rows = session.messages.order_by("number")
    return [(row.number, row.direction, row.text or row.kind) for row in rows]


def said(bot):
    """What customers have said, in the order of arrival."""
    rows = Message.objects.filter(session__bot=bot, direction="in").order_by("session", "number")
    return [row.text or row.kind for row in rows]


def complete(session):
    session.state = ChatSession.State.COMPLETED
    session.completed_at = session.opened_at
    session.save()


def test_it_opens_a_session_with_a_start(bot, carol):
    assert take_in(bot, carol.starts("ad_42")) == 1
    session = ChatSession.objects.get()
    assert (session.state, session.number, session.waiting_since) == (
        ChatSession.State.UNASSIGNED,
        1,
        session.opened_at,
    )
    assert timeline(session) == [(1, "system", "opened"), (2, "in", "/start ad_42")]
    assert session.messages.get(number=1).data == {"start": "ad_42"}


def test_it_knows_the_customer(bot, carol):
    take_in(bot, carol.starts())
    customer = Customer.objects.get()
    assert (customer.name, customer.username, customer.language_code, customer.telegram_id) == (
        "Carol Ng",
        "carol",
        "ru",
        carol.id,
    )


def test_it_opens_a_session_with_any_message(bot, carol):
    take_in(bot, carol.sends(photo=[{"file_id": "A"}], caption="Look"))
    message = Message.objects.get(direction="in")
    assert (message.kind, message.text) == ("photo", "Look")


def test_it_can_leave_the_opening_to_the_first_message(bot, carol):
    Project.objects.update(open_with=Project.OpenWith.MESSAGE)
    take_in(bot, carol.starts("ad"))
    assert not ChatSession.objects.exists()
    assert Customer.objects.exists()
    take_in(bot, carol.says("Hello"))
    assert said(bot) == ["Hello"]


def test_it_follows_the_session_in_its_row(bot, carol):
    take_in(bot, carol.says("One"), carol.says("Two", date=DATE + 5))
    session = ChatSession.objects.get()
    assert (session.message_count, session.incoming_count) == (3, 2)
    assert (session.last_message_number, session.last_message_text) == (3, "Two")
    assert session.unanswered_since == datetime.fromtimestamp(DATE, UTC)
    assert session.last_message_at == datetime.fromtimestamp(DATE + 5, UTC)


def test_it_keeps_the_order_of_each_customer(bot, carol):
    dave = Person(bot, "Dave")
    take_in(bot, *(who.says(str(number)) for number in range(50) for who in (carol, dave)))
    assert said(bot) == [str(number) for number in range(50)] * 2
    for session in ChatSession.objects.all():
        numbers = list(session.messages.order_by("number").values_list("number", flat=True))
        assert numbers == list(range(1, 52))


def test_it_adds_to_the_open_session(bot, carol):
    take_in(bot, carol.starts())
    take_in(bot, carol.says("More"), carol.starts("again"))
    assert said(bot) == ["/start", "More", "/start again"]
    assert ChatSession.objects.count() == 1


def test_it_takes_a_message_once(bot, carol):
    hello = carol.says("Hello")
    take_in(bot, hello, again(hello))
    take_in(bot, again(hello))
    assert said(bot) == ["Hello"]
    assert not InboundUpdate.objects.exclude(state="done").exists()


def test_it_opens_nothing_for_a_message_it_has_had(bot, carol):
    hello = carol.says("Hello")
    take_in(bot, hello)
    complete(ChatSession.objects.get())
    take_in(bot, again(hello))
    assert ChatSession.objects.count() == 1


def test_it_opens_a_new_session_after_a_completed_one(bot, carol):
    take_in(bot, carol.says("First"))
    complete(ChatSession.objects.get())
    take_in(bot, carol.says("Second"))
    sessions = ChatSession.objects.order_by("number")
    assert [(row.number, row.state) for row in sessions] == [(1, "completed"), (2, "unassigned")]
    assert timeline(sessions[1])[1] == (2, "in", "Second")


def test_it_keeps_two_bots_of_one_person_apart(bot, carol):
    other = make_bot(make_project(name="Other"))
    twin = Person(other)
    twin.id, twin.user = carol.id, carol.user
    hello = carol.says("Hello")
    take_in(bot, hello)
    take_in(other, again(hello))
    assert said(bot) == said(other) == ["Hello"]
    assert Customer.objects.filter(telegram_id=carol.id).count() == 2
    assert list(ChatSession.objects.values_list("number", flat=True)) == [1, 1]


IGNORED = [
    {"message": {"chat": {"id": -1, "type": "group"}, "message_id": 1, "text": "Hi"}},
    {"channel_post": {"chat": {"id": -2, "type": "channel"}, "message_id": 1, "text": "Hi"}},
    {"callback_query": {"id": "1", "from": {"id": 5, "first_name": "Carol"}, "data": "yes"}},
    {"message_reaction": {"chat": {"id": 5, "type": "private"}, "message_id": 1}},
    {"weather": {"sunny": True}},
]


@pytest.mark.parametrize("content", IGNORED, ids=lambda content: next(iter(content)))
def test_it_opens_nothing_for_what_is_no_message(bot, content):
    take_in(bot, update(**content))
    assert not ChatSession.objects.exists()
    assert InboundUpdate.objects.get().state == "done"


def test_it_shows_a_new_kind_of_update_in_the_newest_session(bot, carol):
    whisper = {"chat": carol.chat, "from": carol.user, "date": DATE}
    take_in(bot, update(message_whisper=whisper))
    assert not ChatSession.objects.exists()
    take_in(bot, carol.says("Hello"))
    complete(ChatSession.objects.get())
    take_in(bot, update(message_whisper=whisper))
    assert said(bot) == ["Hello", "message_whisper"]
    assert ChatSession.objects.get().state == "completed"


def test_it_follows_a_block_and_its_end(bot, carol):
    take_in(bot, carol.says(), carol.blocks(at=DATE + 10))
    assert Customer.objects.get().blocked_at == datetime.fromtimestamp(DATE + 10, UTC)
    take_in(bot, carol.unblocks(at=DATE + 20))
    assert Customer.objects.get().blocked_at is None
    assert ChatSession.objects.count() == 1


def test_it_is_not_misled_by_a_message_that_a_block_overtook(bot, carol):
    take_in(bot, carol.blocks(at=DATE + 10), carol.says(date=DATE + 5))
    assert Customer.objects.get().blocked_at
    take_in(bot, carol.says(date=DATE + 15))
    assert Customer.objects.get().blocked_at is None


def test_it_follows_a_change_of_name(bot, carol):
    take_in(bot, carol.says())
    carol.user["first_name"] = "Caroline"
    take_in(bot, carol.says())
    assert Customer.objects.get().first_name == "Caroline"
    renamed = Event.objects.get(kind="customer.changed")
    assert (renamed.payload["name"], renamed.audience) == ("Caroline Ng", ["everyone"])


def test_it_tells_pages_once_of_each_session_and_each_message(bot, carol):
    take_in(bot, *(carol.says(str(number)) for number in range(3)))
    take_in(bot, carol.says("3"))
    events = [(event.kind, event.payload.get("was")) for event in _sessions_events(bot)]
    assert events == [("session.changed", None), ("session.changed", "unassigned")]
    messages = Event.objects.filter(stream=bot.project.public_id, kind="message.changed")
    texts = [event.payload["text"] for event in messages.order_by("number")]
    assert texts == ["", "0", "1", "2", "3"]


def _sessions_events(bot):
    events = Event.objects.filter(stream=bot.project.public_id, kind="session.changed")
    return events.order_by("number")


def test_it_takes_many_with_as_many_queries_as_few(bot):
    counts = []
    for size in (3, 30):
        people = [Person(bot) for _ in range(size)]
        take_in(bot, *(person.says() for person in people))  # one session is there, one is new
        strangers = [Person(bot) for _ in range(size)]
        store(bot, *(person.says() for person in people + strangers))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            drain(bot.pk)
        counts.append(len(queries))
    assert counts[1] <= counts[0] + 6  # SQLite parts large inserts


def test_it_takes_a_backlog_in_several_batches(bot):
    people = [Person(bot) for _ in range(20)]
    store(bot, *(people[number % 20].says(str(number)) for number in range(700)))
    assert drain(bot.pk) == 700
    assert ChatSession.objects.count() == 20
    assert Message.objects.filter(direction="in").count() == 700


def test_it_routes_what_it_has_opened(bot, carol):
    alice = make_agent(bot.project)
    make_lease(alice.user)
    take_in(bot, carol.says())
    assert ChatSession.objects.get().owner == alice


def test_it_keeps_messages_though_routing_fails(bot, carol, caplog):
    make_lease(make_agent(bot.project).user)
    with refusing("sessions_app_routingattempt"):
        take_in(bot, carol.says("Hello"))
    assert said(bot) == ["Hello"]
    assert ChatSession.objects.get().state == ChatSession.State.UNASSIGNED
    assert "routing after a drain failed" in caplog.text


def test_it_ends_at_its_deadline_and_kicks_itself_again(bot, carol, monkeypatch):
    kicks = []
    monkeypatch.setattr(kick, "task", lambda name, **kwargs: kicks.append((name, kwargs)))
    store(bot, *(carol.says(str(number)) for number in range(301)))
    kicks.clear()
    assert drain(bot.pk, deadline=clock.now()) == 300
    assert kicks == [("sessions_app.drain_inbox", {"bot_id": bot.pk})]
    assert drain(bot.pk) == 1
