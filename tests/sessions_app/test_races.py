"""Many at the same session or agent at one moment: one owner, no limit passed, nobody waits in vain.

Threads with connections of their own, through the edge's `tx.run`. On SQLite the same holds because
writers come one after the other.
"""

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from core import tx
from core.errors import Refusal
from projects.actions import remove_agent
from projects.models import Agent, Project
from routing.actions import open_lease, set_status
from sessions_app.actions.absence import watch_owners
from sessions_app.actions.ownership import claim, complete, put_back, reopen, transfer
from sessions_app.actions.routing import route_project, settle_project
from sessions_app.models import Assignment, ChatSession
from tests.factories import make_agent, make_member, make_session
from tests.support.team import come_online, owners, vanish
from tests.support.threads import together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

ROUNDS = 20


def make_team(project: Project, count: int, **fields: Any) -> list[Agent]:
    agents = [make_agent(project, f"Agent {number}", **fields) for number in range(count)]
    come_online(*agents)
    return agents


def at_once(*actions: Callable[[], Any]) -> list[Any]:
    """What each returned; a refusal's code in its place. Any other error fails the test."""
    results = together(*(partial(tx.run, action) for action in actions))
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, Refusal):
            raise result
    return [result.code if isinstance(result, Refusal) else result for result in results]


def router(project: Project) -> Callable[[], int]:
    return partial(route_project, project_id=project.pk, trigger="test")


def running(session: ChatSession) -> list[Assignment]:
    return list(session.assignments.filter(ended_at=None).select_related("agent"))


def assert_consistent(*sessions: ChatSession) -> None:
    for session in sessions:
        session.refresh_from_db()
        agents = [assignment.agent for assignment in running(session)]
        assert agents == ([session.owner] if session.state == "assigned" else [])


def test_of_sixteen_claims_one_wins_and_the_others_are_told_who(project):
    team = make_team(project, 16)
    for _ in range(ROUNDS // 4):  # and by processes, far more often: test_claim_processes
        session = make_session(project)
        results = together(
            *(partial(tx.run, claim, session=session, actor=agent.user) for agent in team)
        )
        won = [one for one in results if isinstance(one, ChatSession)]
        lost = [one for one in results if isinstance(one, Refusal)]
        assert (len(won), len(lost)) == (1, 15)
        winner = won[0].owner
        assert winner is not None
        told = {refusal.data["owner"]["id"] for refusal in lost}
        assert told == {str(winner.public_id)}
        assert {refusal.code for refusal in lost} == {"not_owner"}
        assert_consistent(session)


def test_claim_against_router(project):
    team = make_team(project, 2)
    for _ in range(ROUNDS):
        session = make_session(project)
        at_once(partial(claim, session=session, actor=team[1].user), router(project))
        assert_consistent(session)
        assert session.state == "assigned"
        assert session.assignments.count() == 1


def test_routers_together_pass_no_limit_and_serve_by_turn(project):
    make_team(project, 3, session_limit=4)
    line = [make_session(project) for _ in range(15)]
    at_once(*[router(project)] * 6)
    names = owners(line)
    assert names == ["Agent 0", "Agent 1", "Agent 2"] * 4 + [None] * 3
    assert_consistent(*line)


def test_transfer_against_complete(project):
    first, second = make_team(project, 2)
    manager = make_member(project.company, role="manager").user
    for _ in range(ROUNDS):
        session = make_session(project, owner=first)
        results = at_once(
            partial(transfer, session=session, actor=manager, to=second),
            partial(complete, session=session, actor=manager),
        )
        assert results[0] == "completed" or results[0].pk == session.pk
        assert_consistent(session)
        assert session.state == "completed"


def test_put_back_against_transfer_and_router(project):
    first, second = make_team(project, 2)
    for _ in range(ROUNDS):
        session = make_session(project, owner=first)
        at_once(
            partial(put_back, session=session, actor=first.user),
            partial(transfer, session=session, actor=first.user, to=second),
            router(project),
        )
        assert_consistent(session)


def test_reopening_twice_opens_one_session_of_the_customer(project):
    first, second = make_team(project, 2)
    for _ in range(ROUNDS):
        old = make_session(project, owner=first, state="completed")
        newer = make_session(project, owner=first, customer=old.customer, state="completed")
        results = at_once(
            partial(reopen, session=old, actor=first.user),
            partial(reopen, session=newer, actor=second.user),
        )
        assert sum(result == "open_elsewhere" for result in results) == 1
        assert ChatSession.objects.open().filter(customer=old.customer).count() == 1


def test_arrivals_against_completions_leave_nobody_waiting_for_a_free_agent(project):
    team = make_team(project, 3, session_limit=2)
    owned = [make_session(project, owner=team[place % 3]) for place in range(6)]
    line = [make_session(project) for _ in range(6)]

    def finish(session: ChatSession) -> None:
        complete(session=session, actor=session.owner.user)
        route_project(project_id=project.pk, trigger="freed")  # as the kick does

    at_once(*(partial(finish, session) for session in owned), *[router(project)] * 3)
    assert_consistent(*owned, *line)
    assert None not in owners(line)
    loads = [agent.sessions.filter(state="assigned").count() for agent in team]
    assert loads == [2, 2, 2]


def test_a_break_against_the_router(project):
    for _ in range(ROUNDS):
        agent, other = make_team(project, 2)
        session = make_session(project)
        at_once(
            partial(set_status, user_id=agent.user_id, status="away"),
            partial(set_status, user_id=other.user_id, status="away"),
            router(project),
        )
        late = make_session(project)
        route_project(project_id=project.pk, trigger="test")
        assert owners([late]) == [None]
        assert_consistent(session)


def test_who_returns_at_the_moment_of_release_keeps_it_or_gets_it_by_turn(project, shift_clock):
    for _ in range(5):
        (agent,) = make_team(project, 1)
        session = make_session(project)
        route_project(project_id=project.pk, trigger="test")
        vanish(agent)
        watch_owners()
        shift_clock(61)
        page = uuid.uuid4()
        back = partial(open_lease, user_id=agent.user_id, connection_id=page, state={})
        at_once(watch_owners, back)
        settle_project(project_id=project.pk, trigger="sweep")
        assert_consistent(session)
        assert session.owner == agent
        assert session.owner_missing_since is None
        remove_agent(agent=agent, actor=None)
        complete(session=session, actor=make_member(project.company, role="manager").user)


def test_removal_against_the_router(project):
    for _ in range(ROUNDS):
        leaving, staying = make_team(project, 2)
        line = [make_session(project) for _ in range(4)]
        at_once(partial(remove_agent, agent=leaving, actor=None), router(project))
        settle_project(project_id=project.pk, trigger="agents_changed")
        assert_consistent(*line)
        assert {session.owner for session in line} == {staying}
        Agent.objects.filter(pk=staying.pk).update(removed_at=staying.added_at, is_enabled=False)
        ChatSession.objects.filter(project=project).update(state="completed")
        Assignment.objects.filter(session__project=project, ended_at=None).update(
            ended_at=staying.added_at, ended_because="completed"
        )
