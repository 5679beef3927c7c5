"""Old snapshot + events = fresh snapshot, for every viewer, whatever has happened."""

import json

import pytest

from sessions_app.models import ChatSession
from sessions_app.queries import feed_access
from sessions_app.queries.pages import session_detail
from tests.factories import make_agent, make_bot, make_project
from tests.support.bustle import Bustle
from tests.support.reducer import chat_after
from tests.support.team import come_online, route
from tests.support.updates import Person, take_in
from tests.support.viewing import caught_up, events_for, fresh, shown

pytestmark = pytest.mark.django_db(transaction=True)

KINDS = {
    "session.changed",
    "session.gone",
    "message.changed",
    "customer.changed",
    "presence.changed",
    "project.changed",
    "read.changed",
}
SEEDS = [0, pytest.param(1, marks=pytest.mark.slow)]


def tags(user, project):
    return feed_access(user.pk, project.public_id)


@pytest.mark.parametrize("seed", SEEDS)
def test_it_ends_equal_to_a_fresh_snapshot(seed):
    bustle = Bustle(seed)
    bustle.act(10)
    pages = [fresh(user, bustle.project) for user in bustle.viewers]
    before = pages[0]["head"]
    bustle.do_everything_once()
    for _ in range(4):
        bustle.act(10)
        pages = [
            caught_up(page, user, bustle.project)
            for page, user in zip(pages, bustle.viewers, strict=True)
        ]
        for page, user in zip(pages, bustle.viewers, strict=True):
            assert shown(page) == shown(fresh(user, bustle.project))
    assert kinds_told(bustle, since=before) == KINDS


def kinds_told(bustle, *, since):
    told = [events_for(user, bustle.project, since=since) for user in bustle.viewers]
    return {event["kind"] for events in told for event in events}


@pytest.mark.parametrize("seed", SEEDS)
def test_it_ends_equal_after_a_reset_when_rights_or_scope_change(seed):
    bustle = Bustle(seed)
    bustle.act(10)
    for number in range(6):
        before = [tags(user, bustle.project) for user in bustle.viewers]
        pages = [fresh(user, bustle.project) for user in bustle.viewers]
        (bustle.change_scope if number % 2 else bustle.change_rights)()
        bustle.act(5)
        for user, page, had in zip(bustle.viewers, pages, before, strict=True):
            if tags(user, bustle.project) == had:  # else the socket says `reset`
                ours = caught_up(page, user, bustle.project)
                assert shown(ours) == shown(fresh(user, bustle.project))


@pytest.mark.parametrize("seed", SEEDS)
def test_it_keeps_a_loaded_chat_equal(seed):
    bustle = Bustle(seed)
    bustle.write()
    bustle.act(20)
    session = ChatSession.objects.order_by("number")[0]
    manager = bustle.manager

    def detail():
        return json.loads(json.dumps(session_detail(manager, session.public_id)))

    chat = detail()
    for _ in range(4):
        bustle.act(10)
        now = detail()
        chat = chat_after(chat, events_for(manager, bustle.project, since=chat["head"]))
        for name in ("messages", "session"):
            assert chat[name] == now[name]


def test_it_keeps_the_loaded_window_of_a_long_line():
    project = make_project()
    alice, bob = make_agent(project, "Alice"), make_agent(project, "Bob", session_limit=20)
    bot = make_bot(project)
    people = [Person(bot) for _ in range(70)]
    take_in(bot, *(person.says() for person in people[:60]))
    page = fresh(alice.user, project)
    assert (len(page["unassigned"]), page["counts"]["unassigned"]) == (50, 60)
    take_in(bot, *(person.says("Too") for person in people[50:]))
    come_online(bob)
    route(project)
    page, now = caught_up(page, alice.user, project), fresh(alice.user, project)
    assert page["counts"] == now["counts"]
    assert len(page["unassigned"]) == 30
    assert page["unassigned"] == now["unassigned"][:30]
