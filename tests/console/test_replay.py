"""The last days once more, by the rules of now and by changed ones, on the rules page."""

from datetime import timedelta

import pytest

from core import clock
from projects.models import Agent
from routing.models import PresenceInterval
from sessions_app.models import Assignment, ChatSession
from sessions_app.queries import replay
from tests.factories import (
    make_agent,
    make_bot,
    make_company,
    make_customer,
    make_lease,
    make_member,
    make_project,
    make_session,
)
from tests.support.api import browser
from tests.support.rules import RULES, address, hidden, press, specify, text_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def project():
    project = make_project(make_company("Acme"), name="Help")
    make_bot(project)
    return project


@pytest.fixture
def client(project):
    return browser(make_member(project.company, role="manager").user)


@pytest.fixture
def days_ago():
    """So many minutes after the midnight of so many days ago."""
    today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    return lambda days, minutes=0: today - timedelta(days=days) + timedelta(minutes=minutes)


@pytest.fixture
def old_team(project, days_ago):
    """Alice and Bob, there for ten days; Bob was away for three hours five days ago."""
    alice, bob = (make_agent(project, name, added_at=days_ago(20)) for name in ("Alice", "Bob"))
    was(alice, "online", days_ago(10))
    was(bob, "online", days_ago(10), days_ago(5))
    was(bob, "away", days_ago(5), days_ago(5, 180))
    was(bob, "online", days_ago(5, 180))
    return alice, bob


def was(agent, state, started_at, ended_at=None):
    PresenceInterval.objects.create(
        user=agent.user, state=state, started_at=started_at, ended_at=ended_at
    )


def took_place(project, opened_at, agent=None, *, waited=0, reason="routed", minutes=60, **fields):
    """A session of the past that was completed after so many minutes; `waited`: in seconds."""
    completed_at = opened_at + timedelta(minutes=minutes)
    session = make_session(
        project,
        state=ChatSession.State.COMPLETED,
        opened_at=opened_at,
        completed_at=completed_at,
        owner=agent,
        **fields,
    )
    if agent:
        Assignment.objects.create(
            session=session,
            agent=agent,
            reason=reason,
            started_at=opened_at + timedelta(seconds=waited),
            ended_at=completed_at,
        )
    return session


def review_of(answer):
    assert answer.status_code == 200
    return answer.context["review"]


def figures(review):
    return {one.name: (one.at_once, one.waited, one.nobody) for one in review.figures}


def shares(review):
    return {share.agent.user.name: share.counts for share in review.shares}


def test_it_replays_the_last_days_by_the_rules_of_now_and_by_the_changed_ones(
    client, project, old_team, days_ago
):
    alice, bob = old_team
    took_place(project, days_ago(8), alice)
    for minute in (10, 20, 30):
        took_place(project, days_ago(5, minute), alice, minutes=600)
    took_place(project, days_ago(2), bob, waited=400, reason="claimed")
    took_place(project, days_ago(1))
    review = review_of(press(client, project, "rehearse", **specify(bob)))
    assert (review.sessions, review.by_hand, review.is_cut) == (5, 1, False)
    assert figures(review) == {"was": (3, 1, 1), "now": (5, 0, 0), "tried": (2, 3, 0)}
    assert shares(review) == {"Alice": [3, 4, 0], "Bob": [1, 1, 5]}
    assert [(day.sessions, day.late, day.moved) for day in review.days] == [
        (3, [0, 0, 3], 3),
        (1, [1, 0, 0], 0),
        (1, [1, 0, 0], 1),
    ]
    assert review.moved_count == 4
    assert {(one.before, one.after) for one in review.moved} == {(alice, bob)}
    assert [one.able for one in review.moved] == [[bob], [], [], []]
    assert review.figures[2].longest == timedelta(minutes=170)


def test_it_is_told_on_the_page_with_what_it_assumes(client, project, old_team, days_ago):
    took_place(project, days_ago(3), old_team[0])
    page = text_of(press(client, project, "rehearse", mode="online_first"))
    for said in (
        "The last 7 days, replayed",
        "1 session has opened since",
        "in fact by the rules of now with your changes",
        "assigned at once 1 1 1",
        "None: every session goes to the same agent.",
        "working hours as they are set now, by the clock of UTC",
        "Not considered: what people did by hand (0 sessions",
    ):
        assert said in page


def test_without_changes_the_rules_of_now_stand_beside_what_was(
    client, project, old_team, days_ago
):
    alice, bob = old_team
    took_place(project, days_ago(6), bob)
    took_place(project, days_ago(4), bob)
    answer = press(client, project, "rehearse")
    review = review_of(answer)
    assert shares(review) == {"Alice": [0, 1], "Bob": [2, 1]}
    assert [(one.before, one.after, one.able) for one in review.moved] == [
        (bob, alice, [alice, bob]),
    ]
    assert "Nothing is changed here so far." in answer.content.decode()


def test_an_agent_who_has_left_is_named_beside_what_he_had(client, project, old_team, days_ago):
    gone = make_agent(project, "Gone", added_at=days_ago(30), removed_at=days_ago(1))
    took_place(project, days_ago(3), gone)
    answer = press(client, project, "rehearse")
    assert shares(review_of(answer)) == {"Alice": [0, 1], "Bob": [0, 0], "Gone": [1, 0]}
    assert "has left the team" in answer.content.decode()


def test_the_circle_goes_on_from_before_the_days(client, project, old_team, days_ago):
    alice, bob = old_team
    took_place(project, days_ago(9), bob)
    took_place(project, days_ago(8), alice)
    took_place(project, days_ago(8, 1), bob, reason="claimed")
    took_place(project, days_ago(3), alice)
    assert shares(review_of(press(client, project, "rehearse")))["Bob"] == [0, 1]


def test_what_was_held_from_before_counts_towards_limits(client, project, old_team, days_ago):
    alice, bob = old_team
    Agent.objects.update(session_limit=1)
    took_place(project, days_ago(8), alice, minutes=7 * 24 * 60)
    took_place(project, days_ago(3), alice)
    took_place(project, days_ago(3, 10), alice)
    review = review_of(press(client, project, "rehearse"))
    assert shares(review) == {"Alice": [2, 0], "Bob": [0, 2]}
    assert figures(review)["now"] == (1, 1, 0)


def test_the_former_agent_is_read_from_the_customers_last_session(
    client, project, old_team, days_ago
):
    alice, bob = old_team
    carol = make_customer(project)
    took_place(project, days_ago(6), bob, customer=carol, reason="claimed")
    took_place(project, days_ago(4), alice)
    took_place(project, days_ago(3), alice, customer=carol)
    review = review_of(press(client, project, "rehearse", returning="former"))
    # the third would be Alice's turn, and goes to Bob
    assert shares(review) == {"Alice": [2, 2, 1], "Bob": [1, 1, 2]}


def test_a_project_without_sessions_has_nothing_to_replay(client, project):
    answer = press(client, project, "rehearse")
    assert "there is nothing to replay" in answer.content.decode()


def test_it_is_bounded_and_says_so(client, project, old_team, days_ago, monkeypatch):
    for day in (6, 4, 3):
        took_place(project, days_ago(day), old_team[0])
    monkeypatch.setattr(replay, "SESSIONS", 2)
    answer = press(client, project, "rehearse")
    assert (review_of(answer).sessions, review_of(answer).since) == (2, days_ago(4))
    assert "More is recorded than is replayed" in answer.content.decode()
    # presence is read to a bound too: what lies before it is left out
    monkeypatch.setattr(replay, "SESSIONS", 100)
    monkeypatch.setattr(replay, "CHANGES", 1)
    review = review_of(press(client, project, "rehearse"))
    assert (review.is_cut, review.since) == (True, days_ago(5, 180))
    assert shares(review) == {"Alice": [2, 1], "Bob": [0, 1]}


def test_the_number_of_queries_does_not_grow(client, project, django_assert_max_num_queries):
    for number in range(12):
        agent = make_agent(project, f"Agent {number}")
        make_lease(agent.user)
        for day in (5, 2):
            at = clock.now() - timedelta(days=day)
            was(agent, "online", at, at + timedelta(hours=1))
            took_place(project, at, agent)
    sent = hidden(client.get(address(project))) | RULES
    for button in ("rehearse", "look"):
        with django_assert_max_num_queries(60):
            client.post(address(project), sent | {"do": button, "mode": "online_first"})
