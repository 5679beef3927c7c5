"""A long line: given out in batches, the same to everybody, and in the midst of other work."""

import signal
from collections import Counter
from functools import partial

import pytest

from core import tx
from core.errors import Refusal
from live.models import Event
from projects.actions import change_agent
from projects.models import Project
from routing.actions import serve
from routing.models import Pool
from sessions_app.actions import routing
from sessions_app.actions.ownership import claim, put_back
from sessions_app.actions.routing import route_project
from sessions_app.models import Assignment, ChatSession, Judgement, Message, RoutingAttempt
from tests.factories import make_agent, make_lease, make_sessions
from tests.support.processes import python, started
from tests.support.team import come_online, go_away, owners, route, told, why
from tests.support.threads import together

pytestmark = pytest.mark.django_db(transaction=True)

BATCH = "sessions_app.actions.routing.BATCH"


def make_team(project: Project, size: int, **fields):
    team = [make_agent(project, f"Agent {number}", **fields) for number in range(size)]
    for agent in team:
        make_lease(agent.user)
    return team


def assert_each_was_given_once(project: Project, count: int) -> None:
    """Row, assignment, attempt, line and event of each say the same."""
    rows = ChatSession.objects.filter(project=project, state="assigned")
    owned = dict(rows.values_list("pk", "owner"))
    assert len(owned) == count
    for model in (Assignment, RoutingAttempt):
        given = model.objects.filter(agent__isnull=False).values_list("session", "agent")
        assert sorted(given) == sorted(owned.items()), model
    assert Message.objects.filter(kind="assigned").count() == count
    assert not rows.exclude(message_count=1).exists()
    events = told(project, "session.changed")
    assert len({event.payload["id"] for event in events}) == len(events) == count
    assert all(event.payload["owner"] for event in events)


@pytest.mark.parametrize("mode", ["round_robin", "online_first"])
def test_it_is_shared_out_evenly(project, monkeypatch, mode):
    monkeypatch.setattr(BATCH, 40)
    Pool.objects.filter(project=project).update(mode=mode)
    make_team(project, 7)
    line = make_sessions(project, 100)
    assert route(project) == 100
    loads = Counter(owners(line))
    assert len(loads) == 7
    assert max(loads.values()) - min(loads.values()) <= 1
    assert_each_was_given_once(project, 100)
    numbers = Event.objects.filter(stream=project.public_id).order_by("number")
    assert list(numbers.values_list("number", flat=True)) == list(range(1, numbers.count() + 1))


def test_limits_end_it_and_the_oldest_have_been_served(project, monkeypatch):
    monkeypatch.setattr(BATCH, 10)
    make_team(project, 3, session_limit=8)
    line = make_sessions(project, 40)
    assert route(project) == 24
    names = owners(line)
    assert names[:24] == ["Agent 0", "Agent 1", "Agent 2"] * 8
    assert names[24:] == [None] * 16
    assert why(line[-1]) == {f"Agent {number}": ["at_limit"] for number in range(3)}
    assert route(project) == 0


def test_what_was_said_is_what_was_true_at_that_turn(project):
    make_team(project, 2, session_limit=2)
    line = make_sessions(project, 5)
    route(project)
    assert [list(why(session).values()) for session in line] == [
        [[], []],
        [[], []],
        [[], []],
        [["at_limit"], []],
        [["at_limit"], ["at_limit"]],
    ]
    evidence = line[-1].attempts.get().verdicts[0]["codes"][0]["evidence"]
    assert evidence == {"limit": 2, "open": 2}


def test_those_who_heard_the_same_share_one_judgement(project):
    make_team(project, 5)
    line = make_sessions(project, 30)
    route(project)
    assert Judgement.objects.count() == 1
    assert {len(session.attempts.get().verdicts) for session in line} == {5}


def test_who_gave_one_back_hears_it_in_the_midst_of_the_others(project):
    alice, bob = make_team(project, 2)
    (given_back,) = make_sessions(project, 1)
    route(project)
    put_back(session=given_back, actor=alice.user)
    ChatSession.objects.filter(pk=given_back.pk).update(queued_at=given_back.queued_at)
    others = make_sessions(project, 3)
    route(project)
    assert owners([given_back, *others]) == ["Agent 1", "Agent 0", "Agent 1", "Agent 0"]
    assert why(given_back) == {"Agent 0": ["already_had_it"], "Agent 1": []}
    assert why(others[0]) == {"Agent 0": [], "Agent 1": []}


def test_the_same_answer_again_writes_no_judgement(project):
    make_agent(project, "Alice")
    make_sessions(project, 20)
    for _ in range(3):
        route(project, "sweep")
    assert Judgement.objects.count() == 1
    counts = RoutingAttempt.objects.order_by("session__queued_at", "session")
    assert list(counts.values_list("count", flat=True)) == [3, 3, *[1] * 18]


def test_everybody_in_line_hears_another_answer(project):
    alice = make_agent(project, "Alice")
    waiting = make_sessions(project, 20)
    route(project)
    change_agent(agent=alice, actor=None, is_enabled=False)
    route(project, "agents")
    assert all("disabled" in why(session)["Alice"] for session in waiting)


def test_an_error_in_the_midst_keeps_whole_batches_and_loses_nothing(project, monkeypatch):
    monkeypatch.setattr(BATCH, 10)
    make_team(project, 3)
    line = make_sessions(project, 35)
    batches = []

    def fail(**words):
        batches.append(words)
        if len(batches) == 3:
            raise RuntimeError("the third batch")
        serve(**words)

    monkeypatch.setattr(routing, "serve", fail)
    with pytest.raises(RuntimeError):
        route(project)
    assert_each_was_given_once(project, 20)
    monkeypatch.undo()
    assert route(project) == 15
    assert owners(line) == (["Agent 0", "Agent 1", "Agent 2"] * 12)[:35]
    assert_each_was_given_once(project, 35)


@pytest.mark.slow
def test_claims_during_it_win_or_are_told_who_was_first(project, monkeypatch):
    monkeypatch.setattr(BATCH, 25)
    team = make_team(project, 4)
    line = make_sessions(project, 200)
    chosen = line[::10]

    def take(place: int):
        for session in chosen[place::4]:
            try:
                tx.run(claim, session=session, actor=team[place].user)
            except Refusal as refusal:
                refused.append(refusal)

    refused: list[Refusal] = []
    router = partial(tx.run, route_project, project_id=project.pk, trigger="test")
    results = together(*(partial(take, place) for place in range(4)), router, router, seconds=120)
    errors = [result for result in results if isinstance(result, Exception)]
    assert errors == []
    assert None not in owners(line)
    assert Assignment.objects.filter(ended_at=None).count() == Assignment.objects.count() == 200
    assert results[4] + results[5] == Assignment.objects.filter(reason="routed").count()
    assert {refusal.code for refusal in refused} <= {"not_owner"}
    assert all(refusal.data["owner"] for refusal in refused)
    assert Message.objects.filter(kind__in=["assigned", "claimed"]).count() == 200


# Dies as by kill -9 when it is about to commit the third batch, or has just done so.
DYING = """
from django.conf import settings
from sessions_app.actions import routing

batches, serve = [], routing.serve

def count(**words):
    batches.append(words)
    if len(batches) == 3:
        settings.TESTING, settings.CRASH_AT = True, "%s"
    serve(**words)

routing.BATCH, routing.serve = 10, count
routing.route_project(project_id=%d, trigger="test")
"""


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("point", "given"), [("routing.before_commit", 20), ("routing.after_commit", 30)]
)
def test_a_kill_in_the_midst_loses_nothing(project, database_url, tmp_path, point, given):
    make_team(project, 3)
    line = make_sessions(project, 45)
    script = python(DYING % (point, project.pk))
    variables = {"DATABASE_URL": database_url, "DB_POOL_SIZE": "1", "PYTHONWARNINGS": "ignore"}
    with started(script, tmp_path / "log", variables) as process:
        assert process.wait(60) == -signal.SIGKILL, (tmp_path / "log").read_text()[-3000:]
    assert_each_was_given_once(project, given)
    assert route(project) == 45 - given
    assert owners(line) == ["Agent 0", "Agent 1", "Agent 2"] * 15
    assert_each_was_given_once(project, 45)


@pytest.mark.slow
def test_two_routers_with_limits_pass_none_and_keep_the_order(project, monkeypatch):
    monkeypatch.setattr(BATCH, 10)
    make_team(project, 5, session_limit=12)
    line = make_sessions(project, 80)
    router = partial(tx.run, route_project, project_id=project.pk, trigger="test")
    results = together(router, router, router, seconds=120)
    assert sum(results) == 60
    names = owners(line)
    assert names[:60] == [f"Agent {number}" for number in range(5)] * 12
    assert names[60:] == [None] * 20
    assert_each_was_given_once(project, 60)


def test_who_goes_away_between_two_batches_gets_nothing_of_the_next(project, monkeypatch):
    monkeypatch.setattr(BATCH, 6)
    team = [make_agent(project, name) for name in ("Alice", "Bob")]
    come_online(*team)
    line = make_sessions(project, 6)
    route(project)
    go_away(team[0])
    later = make_sessions(project, 6)
    route(project)
    assert Counter(owners(line)) == {"Alice": 3, "Bob": 3}
    assert Counter(owners(later)) == {"Bob": 6}
