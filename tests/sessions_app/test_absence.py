"""Owners who vanish: noticed, given time, released to the old place in the line or kept."""

from datetime import timedelta

import pytest

from core import clock
from projects.models import Agent
from routing.models import Pool
from sessions_app.actions.absence import watch_owners
from sessions_app.actions.ownership import transfer
from sessions_app.models import ChatSession
from tests.factories import make_agent, make_member, make_session
from tests.support.team import come_online, go_away, owners, route, told, vanish

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alice(project) -> Agent:
    agent = make_agent(project, "Alice")
    come_online(agent)
    return agent


@pytest.fixture
def session(project, alice) -> ChatSession:
    """Alice's, opened an hour ago."""
    session = make_session(project, queued_at=clock.now() - timedelta(hours=1))
    route(project)
    session.refresh_from_db()
    assert session.owner == alice
    return session


def missing_since(session: ChatSession):
    session.refresh_from_db()
    return session.owner_missing_since


def test_it_is_noticed_when_it_is_seen_and_not_before(session, alice, shift_clock):
    watch_owners()
    assert missing_since(session) is None
    vanish(alice)
    shift_clock(3600)  # our own outage: nobody looked
    watch_owners()
    assert missing_since(session) > clock.now() - timedelta(seconds=5)
    assert owners([session]) == ["Alice"]


def test_before_grace_nothing_is_released(session, alice, shift_clock):
    vanish(alice)
    watch_owners()
    shift_clock(59)
    watch_owners()
    assert owners([session]) == ["Alice"]


def test_after_grace_it_goes_back_to_its_place_and_waits(session, alice, shift_clock):
    place = session.queued_at
    vanish(alice)
    watch_owners()
    shift_clock(61)
    watch_owners()
    session.refresh_from_db()
    assert (session.state, session.owner, session.queued_at) == ("unassigned", None, place)
    assert session.waiting_since > place
    assert session.assignments.get().ended_because == "owner_vanished"
    line = session.messages.last()
    assert (line.kind, line.data["reason"]) == ("released", "owner_vanished")
    assert line.data["agent"]["name"] == "Alice"
    changed = told(session.project, "session.changed")[-1]
    assert (changed.payload["was"], changed.audience) == ("assigned", ["managers", "pool"])


def test_it_is_routed_at_once_before_those_who_came_later(session, alice, bob, shift_clock):
    bob.session_limit = 1
    bob.save()
    vanish(alice)
    watch_owners()
    later = make_session(session.project)
    shift_clock(61)
    come_online(bob)
    watch_owners()
    assert owners([session, later]) == ["Bob", None]


def test_any_lease_clears_it(session, alice, shift_clock):
    vanish(alice)
    watch_owners()
    come_online(alice)
    assert missing_since(session) is None
    vanish(alice)
    shift_clock(61)
    watch_owners()  # noticed anew: grace begins again
    assert owners([session]) == ["Alice"]


def test_it_is_judged_again_at_the_end_of_grace(session, alice, shift_clock):
    vanish(alice)
    watch_owners()
    since = missing_since(session)
    shift_clock(61)
    come_online(alice)
    # as if the sweep had read the row before she came back
    ChatSession.objects.filter(pk=session.pk).update(owner_missing_since=since)
    watch_owners()
    assert owners([session]) == ["Alice"]
    assert missing_since(session) is None


def test_a_break_is_no_absence(session, alice, shift_clock):
    go_away(alice)
    watch_owners()
    assert missing_since(session) is None


def test_a_project_may_keep_them_and_tell_its_managers(session, alice, shift_clock):
    Pool.objects.filter(project=session.project).update(vanished="keep")
    vanish(alice)
    watch_owners()
    shift_clock(61)
    watch_owners()
    assert owners([session]) == ["Alice"]
    assert told(session.project, "session.changed")[-1].payload["flagged"] is True
    come_online(alice)
    assert told(session.project, "session.changed")[-1].payload["flagged"] is False


def test_who_was_never_here_keeps_what_a_manager_gave_and_is_flagged(project, bob, shift_clock):
    session = make_session(project)
    manager = make_member(project.company, role="manager").user
    transfer(session=session, actor=manager, to=bob)
    for _ in range(3):
        watch_owners()
        shift_clock(61)
    session.refresh_from_db()
    assert (session.owner, session.is_flagged, session.owner_missing_since) == (bob, True, None)
    flags = [event.payload["flagged"] for event in told(project, "session.changed")]
    assert flags == [False, True]


def test_who_came_and_went_after_that_is_treated_like_all(project, bob, shift_clock):
    session = make_session(project)
    manager = make_member(project.company, role="manager").user
    transfer(session=session, actor=manager, to=bob)
    watch_owners()
    come_online(bob)
    vanish(bob)
    watch_owners()
    assert missing_since(session) is not None
    shift_clock(61)
    watch_owners()
    assert owners([session]) == [None]
