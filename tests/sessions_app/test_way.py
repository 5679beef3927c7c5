"""A session notes how far it came: the ledger reads these moments and searches no messages."""

from importlib import import_module
from uuid import uuid4

import pytest
from django.apps import apps

from core import clock
from redirects.actions import clicks
from redirects.capture import Visit
from sessions_app.actions import changes, messages, ownership
from sessions_app.models import ChatSession
from tests.factories import make_bot, make_link
from tests.support.calls import DOUBT, REFUSED, sent, settle
from tests.support.team import come_online, route
from tests.support.updates import Person, take_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def bot(project):
    return make_bot(project)


@pytest.fixture
def carol(bot):
    """Who has pressed START."""
    person = Person(bot)
    take_in(bot, person.starts("promo"))
    return person


def way():
    session = ChatSession.objects.get()
    return [
        name
        for name in ("wrote_at", "first_assigned_at", "answered_at")
        if getattr(session, name) is not None
    ]


def say(agent, text="Hi"):
    return messages.reply(
        session=ChatSession.objects.get(), actor=agent.user, key=uuid4(), text=text
    )


def test_start_is_no_word_and_the_first_word_stays_the_first(bot, carol):
    assert way() == []
    take_in(bot, carol.says("Hello"))
    first = ChatSession.objects.get().wrote_at
    assert first is not None
    take_in(bot, carol.says("Anybody?"))
    assert ChatSession.objects.get().wrote_at == first


def test_a_picture_is_a_word_and_so_is_a_word_that_opens(bot):
    take_in(bot, Person(bot).sends(photo=[{"file_id": "x"}]))
    assert way() == ["wrote_at"]


def test_the_first_owner_stays_though_it_is_put_back(bot, carol, alice):
    ownership.claim(session=ChatSession.objects.get(), actor=alice.user)
    first = ChatSession.objects.get().first_assigned_at
    ownership.put_back(session=ChatSession.objects.get(), actor=alice.user)
    assert ChatSession.objects.get().assigned_at is None
    ownership.claim(session=ChatSession.objects.get(), actor=alice.user)
    assert ChatSession.objects.get().first_assigned_at == first
    assert way() == ["first_assigned_at"]


def test_who_gets_it_by_routing_is_its_first_owner(bot, carol, bob, project):
    come_online(bob)
    route(project)
    session = ChatSession.objects.get()
    assert session.first_assigned_at == session.assigned_at
    ownership.put_back(session=session, actor=bob.user)
    route(project)
    assert ChatSession.objects.get().first_assigned_at == session.first_assigned_at


def test_a_greeting_is_no_answer_and_one_of_an_agent_is(bot, project, alice):
    link = make_link(project, greeting="Welcome")
    click = clicks.NewClick(link_id=link.pk, at=clock.now(), visit=Visit(), state=link.State.ACTIVE)
    clicks.store([click])
    take_in(bot, (carol := Person(bot)).starts(click.ticket), carol.says("Hello"))
    assert ChatSession.objects.get().messages.filter(text="Welcome", direction="out").exists()
    assert way() == ["wrote_at", "first_assigned_at"]
    say(alice)
    assert way() == ["wrote_at", "first_assigned_at", "answered_at"]


def test_an_answer_that_failed_is_none_until_another_or_itself_arrives(bot, carol, alice):
    message = say(alice)
    first = ChatSession.objects.get().answered_at
    settle(bot, REFUSED)
    assert ChatSession.objects.get().answered_at is None
    changes.resend(session=message.session, actor=alice.user, message=message, key=uuid4())
    assert ChatSession.objects.get().answered_at == first
    settle(bot, REFUSED)
    assert ChatSession.objects.get().answered_at is None
    second = say(alice, "Again")
    settle(bot, DOUBT)
    assert ChatSession.objects.get().answered_at == second.at


def test_the_second_that_failed_takes_nothing_from_the_first(bot, carol, alice):
    first = say(alice)
    settle(bot, sent(7))
    say(alice, "And")
    settle(bot, REFUSED)
    assert ChatSession.objects.get().answered_at == first.at


def test_what_was_there_before_is_noted_by_the_migration(bot, carol, alice):
    take_in(bot, carol.says("Hello"))
    say(alice)
    settle(bot, sent(7))
    names = ("wrote_at", "first_assigned_at", "answered_at")
    noted = ChatSession.objects.values_list(*names).get()
    assert None not in noted
    ChatSession.objects.update(**dict.fromkeys(names))
    import_module("sessions_app.migrations.0011_way_of_a_session").note(apps, None)
    assert ChatSession.objects.values_list(*names).get() == noted
