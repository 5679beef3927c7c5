"""The last who can receive in a project and goes Away is asked first."""

from datetime import timedelta
from functools import partial

import pytest

from bots.models import Bot
from core import clock, tx
from projects.models import Agent, Project
from routing.models import Pool, Presence
from sessions_app.actions.status import choose_status
from tests.factories import make_agent, make_bot, make_project, make_session
from tests.support.api import post
from tests.support.team import come_online, go_away, off_hours, vanish
from tests.support.threads import together

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 20


@pytest.fixture
def project():
    project = make_project()
    make_bot(project)
    return project


@pytest.fixture
def pair(project):
    """Both can receive."""
    agents = [make_agent(project, name) for name in ("Alice", "Bob")]
    come_online(*agents)
    return agents


def leave(agent, **how):
    choose_status(user=agent.user, status="away", **how)


def status(agent):
    return Presence.objects.get(user=agent.user).status


def asked(agent):
    """Of which projects he is asked, by name, and how many wait there; None: he is away."""
    (refusal,) = together(partial(leave, agent))
    if refusal is None:
        assert status(agent) == "away"
        return None
    assert (refusal.code, status(agent)) == ("last_one", "online")
    return {row["name"]: row["waiting"] for row in refusal.data["projects"]}


def test_the_first_may_go_and_the_last_is_asked(project, pair):
    alice, bob = pair
    assert asked(alice) is None
    assert asked(bob) == {project.name: 0}
    leave(bob, is_confirmed=True)
    assert status(bob) == "away"


def test_who_comes_back_in_between_makes_the_question_needless(project, pair):
    alice, bob = pair
    leave(alice)
    assert asked(bob) == {project.name: 0}
    choose_status(user=alice.user, status="online")
    assert asked(bob) is None


@pytest.mark.parametrize(
    "hinder",
    [
        vanish,
        go_away,
        off_hours,
        lambda agent: make_session(agent.project, owner=agent),
        lambda agent: Pool.objects.get().specified.remove(agent),
    ],
)
def test_a_colleague_who_cannot_receive_is_no_help(project, pair, hinder):
    alice, bob = pair
    Pool.objects.update(scope="specified")
    Pool.objects.get().specified.set(pair)
    bob.session_limit = 1
    bob.save()
    hinder(bob)
    assert asked(alice) == {project.name: 0}


@pytest.mark.parametrize(
    "hinder",
    [
        vanish,
        off_hours,
        lambda agent: Project.objects.update(state="paused"),
        lambda agent: Project.objects.update(archived_at=clock.now()),
        lambda agent: Bot.objects.update(state="invalid"),
        lambda agent: Agent.objects.filter(pk=agent.pk).update(may_reply=False),
        lambda agent: Agent.objects.filter(pk=agent.pk).update(removed_at=clock.now()),
    ],
)
def test_who_receives_nothing_anyway_is_not_asked(project, hinder):
    alice = make_agent(project, "Alice")
    come_online(alice)
    hinder(alice)
    assert asked(alice) is None


def test_it_tells_of_each_project_how_many_wait(project, pair):
    alice, bob = pair
    shop = make_project(project.company, name="Shop")
    make_bot(shop)
    there = make_agent(shop, user=alice.user)
    elsewhere = make_project(project.company, name="Elsewhere")
    make_bot(elsewhere)
    for user in (alice.user, bob.user):
        make_agent(elsewhere, user=user)
    make_session(shop, waiting_since=clock.now() - timedelta(days=30))
    make_session(project, waiting_since=clock.now() - timedelta(days=30))
    assert asked(there) == {"Shop": 1}
    vanish(bob)
    assert asked(alice) == {project.name: 1, "Shop": 1, "Elsewhere": 0}


def test_the_page_hears_it_in_words_and_says_that_it_is_meant(project, pair):
    alice, bob = pair
    assert post(alice.user, "presence", status="away")[0] == 200
    make_session(project, waiting_since=clock.now() - timedelta(days=30))
    code, answer = post(bob.user, "presence", status="away")
    assert (code, answer["error"]["code"]) == (409, "last_one")
    row = {"id": str(project.public_id), "name": project.name, "waiting": 1}
    assert answer["error"]["data"] == {"projects": [row]}
    assert f"{project.name}: 1 session waits already." in answer["error"]["message"]
    assert post(bob.user, "presence", status="away", confirmed="yes")[0] == 422
    assert status(bob) == "online"
    assert post(bob.user, "presence", status="away", confirmed=True) == (200, {"status": "away"})
    assert post(bob.user, "presence", status="online") == (200, {"status": "online"})


@pytest.mark.slow
def test_of_two_who_leave_at_the_same_moment_one_is_asked(project, pair):
    shop = make_project(project.company, name="Shop")
    make_bot(shop)
    for agent in reversed(pair):
        make_agent(shop, user=agent.user)
    for _ in range(ROUNDS):
        results = together(*(partial(tx.run, leave, agent) for agent in pair))
        assert {getattr(result, "code", result) for result in results} == {"last_one", None}
        assert sorted(status(agent) for agent in pair) == ["away", "online"]
        for agent in pair:
            choose_status(user=agent.user, status="online")
