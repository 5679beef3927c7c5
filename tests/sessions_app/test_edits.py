"""Edits: in any order, in any session, and never a reason to open one."""

from datetime import UTC, datetime

import pytest

from bots.models import InboundUpdate
from live.models import Event
from sessions_app.models import ChatSession, Message
from tests.factories import make_bot, make_project
from tests.support.updates import DATE, Person, again, store, take_in

pytestmark = pytest.mark.django_db(transaction=True)


def moment(later):
    return (
        datetime.fromtimestamp(DATE + later, UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )


@pytest.fixture
def bot():
    return make_bot(make_project())


@pytest.fixture
def carol(bot):
    return Person(bot)


def shown():
    message = Message.objects.get(direction="in")
    return message.text, [version["text"] for version in message.versions]


def test_it_keeps_the_earlier_version(bot, carol):
    hello = carol.says("Hello")
    take_in(bot, hello)
    take_in(bot, carol.edits(hello, "Hi", later=60))
    message = Message.objects.get(direction="in")
    assert message.text == "Hi"
    assert message.edited_at == datetime.fromtimestamp(DATE + 60, UTC)
    assert message.versions == [{"text": "Hello", "at": moment(0)}]


def test_it_edits_within_one_batch(bot, carol):
    hello = carol.says("Hello")
    take_in(bot, hello, carol.edits(hello, "Hi"))
    assert shown() == ("Hi", ["Hello"])


def test_it_edits_the_last_text_of_the_list_too(bot, carol):
    hello = carol.says("Hello")
    take_in(bot, hello)
    take_in(bot, carol.edits(hello, "Hi"))
    assert ChatSession.objects.get().last_message_text == "Hi"


def test_it_leaves_the_list_alone_when_an_earlier_message_is_edited(bot, carol):
    hello = carol.says("Hello")
    take_in(bot, hello, carol.says("Last"))
    take_in(bot, carol.edits(hello, "Hi"))
    assert ChatSession.objects.get().last_message_text == "Last"


def test_it_edits_in_a_completed_session_and_opens_nothing(bot, carol):
    hello = carol.says("Hello")
    take_in(bot, hello)
    ChatSession.objects.update(state="completed")
    take_in(bot, carol.edits(hello, "Hi"))
    assert shown() == ("Hi", ["Hello"])
    assert ChatSession.objects.get().state == "completed"


@pytest.mark.parametrize(
    "order", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
)
def test_it_ends_the_same_in_any_order(bot, carol, order):
    take_in(bot, carol.says("Before"))
    hello = carol.says("One")
    updates = [hello, carol.edits(hello, "Two", later=60), carol.edits(hello, "Three", later=90)]
    for place in order:
        take_in(bot, again(updates[place]))
    for place in reversed(order):  # and everything once more
        take_in(bot, again(updates[place]))
    message = Message.objects.get(text="Three")
    assert [version["text"] for version in message.versions] == ["One", "Two"]
    assert ChatSession.objects.get().message_count == 3


def test_it_keeps_two_edits_of_one_second(bot, carol):
    hello = carol.says("One")
    edits = [carol.edits(hello, "Two", later=0), carol.edits(hello, "Three", later=0)]
    take_in(bot, hello, *edits, again(edits[0]), again(hello))
    assert shown() == ("Three", ["One", "Two"])


def test_it_ignores_an_edit_without_a_visible_change(bot, carol):
    hello = carol.says("Hello")
    take_in(bot, hello)
    count = Event.objects.count()
    take_in(bot, carol.edits(hello, "Hello"))
    assert Message.objects.get(direction="in").edited_at is None
    assert Event.objects.count() == count


def test_it_holds_an_edit_back_until_its_original_has_opened_a_session(bot, carol, shift_clock):
    hello = carol.says("Hello")
    take_in(bot, carol.edits(hello, "Hi"))
    assert not ChatSession.objects.exists()
    take_in(bot, hello)
    shift_clock(2)
    take_in(bot)
    assert shown() == ("Hi", ["Hello"])
    assert not InboundUpdate.objects.exclude(state="done").exists()


def test_it_parks_an_edit_whose_original_never_comes(bot, carol, shift_clock):
    store(bot, carol.edits(carol.says("Before our time"), "Hi"))
    for _ in range(6):
        take_in(bot)
        shift_clock(601)
    assert InboundUpdate.objects.get().state == "parked"
    assert not ChatSession.objects.exists()


def test_it_shows_in_the_newest_session_that_an_edit_was_parked(bot, carol, shift_clock):
    take_in(bot, carol.says("Hello"))
    ChatSession.objects.update(state="completed")
    original = carol.says("Lost")
    store(bot, carol.edits(original, "Hi"))
    for _ in range(6):
        take_in(bot)
        shift_clock(601)
    assert Message.objects.get(kind="unreadable").session == ChatSession.objects.get()
    take_in(bot, original)  # and yet it comes: no Completed mark hides it
    assert Message.objects.get(text="Lost").session.state == "unassigned"


def test_it_tells_pages_of_an_edit(bot, carol):
    hello = carol.says("Hello")
    take_in(bot, hello)
    take_in(bot, carol.edits(hello, "Hi"))
    last = Event.objects.filter(kind="message.changed").order_by("number").last()
    assert (last.payload["text"], last.payload["edited_at"]) == ("Hi", moment(60))
