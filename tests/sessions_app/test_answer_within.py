"""Owners by routing who do not answer in time: passed on once, to somebody else."""

import uuid
from datetime import timedelta

import pytest

from core import clock
from core.ticks import jobs
from projects.models import Agent
from routing.actions import beat, change_rules, open_lease
from routing.models import Lease
from sessions_app.actions.messages import reply
from sessions_app.actions.ownership import claim, put_back, transfer
from sessions_app.models import ChatSession
from tests.factories import make_agent, make_lease, make_member, make_message, make_session
from tests.support.team import come_online, go_away, off_hours, owners, route, told, why

pytestmark = pytest.mark.django_db(transaction=True)

WITHIN = 5 * 60


def sweep() -> None:
    jobs["sessions_app.sweep"].function()


def stay(agent: Agent) -> None:
    """A page that is open all the while."""
    make_lease(agent.user, expires_at=clock.now() + timedelta(days=1))


@pytest.fixture(autouse=True)
def rule(project) -> None:
    change_rules(pool=project.pool, actor=None, answer_within_min=5)


@pytest.fixture
def team(project) -> list[Agent]:
    agents = [make_agent(project, name) for name in ("Alice", "Bob", "Cleo")]
    for agent in agents:
        stay(agent)
    return agents


@pytest.fixture
def session(project, team) -> ChatSession:
    """Alice's by routing; the customer waits for an answer."""
    session = make_session(project, queued_at=clock.now() - timedelta(minutes=1))
    make_message(session)
    route(project)
    session.refresh_from_db()
    assert session.owner == team[0]
    return session


def test_who_does_not_answer_in_time_loses_it_to_the_next(session, shift_clock):
    place = session.queued_at
    shift_clock(WITHIN - 60)
    sweep()
    assert owners([session]) == ["Alice"]
    shift_clock(61)
    sweep()
    session.refresh_from_db()
    assert (owners([session]), session.queued_at) == (["Bob"], place)
    first, second = session.assignments.order_by("pk")
    assert (first.ended_because, second.reason) == ("owner_silent", "routed")
    kinds = [line.kind for line in session.messages.filter(direction="system").order_by("number")]
    assert kinds == ["assigned", "released", "assigned"]
    line = session.messages.get(kind="released")
    assert (line.data["reason"], line.data["agent"]["name"]) == ("owner_silent", "Alice")
    assert why(session)["Alice"] == ["already_had_it"]
    changed = told(session.project, "session.changed")[-2]
    assert (changed.payload["was"], changed.payload["state"]) == ("assigned", "unassigned")


def test_it_is_passed_on_once(session, shift_clock):
    for _ in range(4):
        shift_clock(WITHIN + 1)
        sweep()
    assert owners([session]) == ["Bob"]


def test_an_answer_in_time_ends_it(session, team, shift_clock):
    reply(session=session, actor=team[0].user, key=uuid.uuid4(), text="Here")
    make_message(ChatSession.objects.get(pk=session.pk))  # and the customer writes again
    shift_clock(WITHIN + 1)
    sweep()
    assert owners([session]) == ["Alice"]


def test_nothing_is_owed_to_a_customer_who_does_not_wait(project, team, shift_clock):
    session = make_session(project)
    route(project)
    shift_clock(WITHIN + 1)
    sweep()
    assert owners([session]) == ["Alice"]
    make_message(ChatSession.objects.get(pk=session.pk))
    shift_clock(WITHIN - 60)
    sweep()
    assert owners([session]) == ["Alice"]  # counts from when he wrote
    shift_clock(61)
    sweep()
    assert owners([session]) == ["Bob"]


def test_with_nobody_else_it_waits_and_may_be_claimed(session, team, shift_clock):
    off_hours(*team[1:])
    shift_clock(WITHIN + 1)
    for _ in range(3):
        sweep()
    assert owners([session]) == [None]
    assert why(session) == {
        "Alice": ["already_had_it"],
        "Bob": ["off_hours"],
        "Cleo": ["off_hours"],
    }
    claim(session=session, actor=team[0].user)
    shift_clock(WITHIN + 1)
    sweep()
    assert owners([session]) == ["Alice"]


def test_it_never_goes_back_to_who_was_silent(session, team, shift_clock):
    shift_clock(WITHIN + 1)
    sweep()
    off_hours(team[2])
    put_back(session=session, actor=team[1].user)  # another wait
    route(session.project)
    assert owners([session]) == [None]
    assert why(session)["Alice"] == ["already_had_it"]


@pytest.mark.parametrize("how", ["claimed", "given"])
def test_by_hand_nothing_is_counted(project, team, shift_clock, how):
    session = make_session(project)
    make_message(session)
    manager = make_member(project.company, role="manager").user
    if how == "claimed":
        claim(session=session, actor=team[0].user)
    else:
        transfer(session=session, actor=manager, to=team[0])
    shift_clock(WITHIN + 1)
    sweep()
    assert owners([session]) == ["Alice"]


def test_a_transfer_ends_the_count(session, team, shift_clock):
    transfer(session=session, actor=team[0].user, to=team[2])
    shift_clock(WITHIN + 1)
    sweep()
    assert owners([session]) == ["Cleo"]


def test_a_break_does_not_stop_it(session, team, shift_clock):
    go_away(team[0])
    shift_clock(WITHIN + 1)
    sweep()
    assert owners([session]) == ["Bob"]


# ---------------------------------------------------------------- settings


def test_off_it_takes_nothing_from_anybody(project, session, shift_clock):
    change_rules(pool=project.pool, actor=None, answer_within_min=None)
    shift_clock(WITHIN + 1)
    sweep()
    assert owners([session]) == ["Alice"]
    change_rules(pool=project.pool, actor=None, answer_within_min=5)
    sweep()
    assert owners([session]) == ["Alice"]  # what is owned already stays


def test_it_holds_for_what_is_assigned_from_then_on(project, team, shift_clock):
    change_rules(pool=project.pool, actor=None, answer_within_min=None)
    session = make_session(project)
    make_message(session)
    route(project)
    change_rules(pool=project.pool, actor=None, answer_within_min=5)
    shift_clock(WITHIN + 1)
    sweep()
    assert owners([session]) == ["Alice"]


# ---------------------------------------------------------------- who was not there, and outages


@pytest.fixture
def leased(team: list[Agent], session) -> Agent:
    """Alice with an ordinary page of 90 s."""
    Lease.objects.filter(user=team[0].user).delete()
    come_online(team[0])
    return team[0]


def at_page(agent: Agent, seconds: int, shift_clock) -> None:
    """Her page beats for so long."""
    lease = Lease.objects.get(user=agent.user)
    for _ in range(seconds // 25):
        shift_clock(25)
        beat(connection_id=lease.connection_id, user_id=agent.user_id, state={})


def test_who_is_gone_is_left_to_grace(session, leased, shift_clock):
    shift_clock(WITHIN + 1)  # the lease ran out long ago, and nobody swept
    sweep()
    assert owners([session]) == ["Alice"]
    shift_clock(61)
    sweep()
    assert owners([session]) == ["Bob"]
    assert session.assignments.order_by("pk")[0].ended_because == "owner_vanished"


def test_after_an_outage_of_ours_the_count_begins_anew(session, leased, shift_clock):
    """No page could beat, no sweep ran; her page is back before the first sweep."""
    shift_clock(WITHIN + 1)
    open_lease(user_id=leased.user_id, connection_id=uuid.uuid4(), state={})
    sweep()
    assert owners([session]) == ["Alice"]
    Lease.objects.filter(expires_at__lte=clock.now()).delete()
    at_page(leased, WITHIN - 50, shift_clock)
    sweep()
    assert owners([session]) == ["Alice"]
    at_page(leased, 75, shift_clock)
    sweep()
    assert owners([session]) == ["Bob"]


def test_the_same_page_that_comes_back_begins_anew_too(session, leased, shift_clock):
    shift_clock(WITHIN + 1)
    lease = Lease.objects.get(user=leased.user)
    beat(connection_id=lease.connection_id, user_id=leased.user_id, state={})
    sweep()
    assert owners([session]) == ["Alice"]


def test_a_reload_does_not_begin_anew(session, leased, shift_clock):
    at_page(leased, 250, shift_clock)
    Lease.objects.filter(user=leased.user).update(expires_at=clock.now() + timedelta(seconds=15))
    open_lease(user_id=leased.user_id, connection_id=uuid.uuid4(), state={})
    shift_clock(51)
    sweep()
    assert owners([session]) == ["Bob"]


def test_a_sweep_that_stood_still_makes_it_late_and_not_early(session, team, shift_clock):
    shift_clock(3 * WITHIN)
    reply(session=session, actor=team[0].user, key=uuid.uuid4(), text="Here")
    sweep()
    assert owners([session]) == ["Alice"]
