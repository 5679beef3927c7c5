"""What cannot be read or stored: shown, parked, and nobody else waits for it."""

import json
from contextlib import ExitStack
from typing import Any

import pytest

from bots.actions import inbox
from bots.models import InboundUpdate
from sessions_app.actions.inbox import drain
from sessions_app.models import ChatSession, Message
from tests.factories import make_bot, make_project
from tests.support.curses import refusing
from tests.support.poison import BROKEN, NOBODYS
from tests.support.updates import Person, again, store, take_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bot():
    return make_bot(make_project())


def test_it_parks_and_shows_every_kind_of_poison_and_holds_up_nobody(bot):
    people = [Person(bot) for _ in range(10)]
    sound = [people[number % 10].says(str(number)) for number in range(2050)]
    victims = [Person(bot) for _ in BROKEN]
    broken = [who.sends(**how) for who, how in zip(victims, BROKEN, strict=True)]
    poison = [*broken, *NOBODYS]
    updates: list[Any] = [*sound]
    for place, bad in enumerate(poison):  # one in fifty
        updates.insert(place * 50 + 25, bad)
    take_in(bot, *updates)

    said = Message.objects.filter(kind="text").order_by("session", "number")
    assert [row.text for row in said] == [
        str(number + who) for who in range(10) for number in range(0, 2050, 10)
    ]
    assert Message.objects.filter(kind="unreadable").count() == len(BROKEN)
    for victim in victims:
        session = ChatSession.objects.get(customer__telegram_id=victim.id)
        assert session.last_message_text == "[unreadable]"
    parked = InboundUpdate.objects.filter(state="parked")
    assert parked.count() == len(poison)
    assert not parked.filter(error="").exists()


def test_it_shows_poison_in_the_open_session(bot):
    carol = Person(bot)
    take_in(bot, carol.says("Hello"), carol.sends(text=5), carol.says("Still here"))
    kinds = Message.objects.filter(direction="in").order_by("number").values_list("kind", flat=True)
    assert list(kinds) == ["text", "unreadable", "text"]
    assert ChatSession.objects.count() == 1


def test_it_shows_poison_once(bot):
    carol = Person(bot)
    bad = carol.sends(text=5)
    take_in(bot, bad, again(bad))
    assert Message.objects.filter(direction="in").count() == 1


def test_it_puts_the_message_in_the_place_of_its_placeholder(bot):
    carol = Person(bot)
    bad = carol.sends(text=5)
    good = again(bad) | {"message": bad["message"] | {"text": "Readable"}}
    take_in(bot, bad)
    take_in(bot, good)
    message = Message.objects.get(direction="in")
    assert (message.kind, message.text, message.versions) == ("text", "Readable", [])


def test_it_finds_the_customer_of_a_body_that_was_cut(bot):
    carol = Person(bot)
    whole = json.dumps(carol.says("x" * 2000)).encode()
    take_in(bot, whole[:1000])
    assert Message.objects.get(kind="unreadable").chat_id == carol.id


def test_it_keeps_what_databases_refuse(bot):
    carol = Person(bot)
    take_in(bot, carol.says("a\x00b\ud800c"), carol.sends(contact={"na\x00me": "\udfff"}))
    texts = Message.objects.filter(direction="in").order_by("number")
    assert [row.text for row in texts] == ["a\ufffdb\ufffdc", ""]
    assert texts[1].data["content"] == {"na\ufffdme": "\ufffd"}


@pytest.fixture
def curse():
    """The database itself refuses every message whose text holds "curse"; call it to end that."""
    with ExitStack() as stack:
        stack.enter_context(refusing("sessions_app_message", "NEW.text LIKE '%curse%'"))
        yield stack.close


def test_it_halves_a_batch_until_the_bad_one_stands_alone(bot, curse):
    people = [Person(bot) for _ in range(60)]
    updates = [
        who.says(f"{place} {'curse' if place == 17 else ''}") for place, who in enumerate(people)
    ]
    take_in(bot, *updates)
    assert Message.objects.filter(direction="in").count() == 59
    bad = InboundUpdate.objects.get(state="pending")
    assert bad.attempts >= 1
    assert "cursed" in bad.error


def test_it_tries_again_and_then_parks_it_where_people_see_it(bot, curse, shift_clock, monkeypatch):
    pauses = (100, 200, 300, 400, 500)  # so long that a slow machine meets none by itself
    monkeypatch.setattr(inbox, "RETRY_SECONDS", pauses)
    carol = Person(bot)
    store(bot, carol.says("curse you"))
    attempts = []
    for pause in (*pauses, 0):
        drain(bot.pk)
        attempts.append((InboundUpdate.objects.get().attempts, InboundUpdate.objects.get().state))
        drain(bot.pk)  # not due yet: nothing happens
        shift_clock(pause)
    assert attempts == [*((n, "pending") for n in range(1, 6)), (5, "parked")]
    message = Message.objects.get(direction="in")
    assert (message.kind, message.text, message.chat_id) == ("unreadable", "", carol.id)
    assert message.session.state == "unassigned"


def test_it_takes_what_it_could_not_store_when_the_fault_is_gone(bot, curse, shift_clock):
    carol = Person(bot)
    take_in(bot, carol.says("curse"), carol.says("Hello"))
    curse()
    shift_clock(2)
    drain(bot.pk)
    texts = Message.objects.filter(direction="in").order_by("telegram_message_id")
    assert [row.text for row in texts] == ["curse", "Hello"]
