"""People, customers and the router at the same moment, each in a process of its own."""

from datetime import datetime, timedelta

import pytest

from core import clock
from routing.models import Lease, PresenceInterval
from sessions_app.models import Assignment, ChatSession, RoutingAttempt
from tests.factories import make_agent, make_bot, make_member, make_project, make_session
from tests.support.racing import PATIENCE_S, race
from tests.support.team import come_online, route, vanish
from tests.support.updates import Person

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.postgres,
    pytest.mark.slow,
    pytest.mark.timeout(PATIENCE_S),
    pytest.mark.parametrize(
        "rounds",
        [
            pytest.param(2, marks=pytest.mark.brief),
            pytest.param(20, marks=pytest.mark.long(seconds=15)),
        ],
    ),
]


@pytest.fixture(autouse=True)
def _patience(settings):
    settings.LEASE_SECONDS = PATIENCE_S  # nobody goes offline meanwhile


@pytest.fixture
def run(database_url, tmp_path):
    return lambda rounds: race(database_url, tmp_path, rounds)


class Stage:
    """A project of its own, for one round."""

    def __init__(self, *agents, online=True, **fields):
        self.project = make_project()
        self.bot = make_bot(self.project)
        self.boss = make_member(self.project.company, role="manager").user
        self.agents = [make_agent(self.project, name, **fields) for name in agents]
        if online:
            come_online(*self.agents)

    def arrivals(self, count, *, each=1):
        people = [[Person(self.bot) for _ in range(each)] for _ in range(count)]
        return [
            ("arrive", {"bot": self.bot.pk, "updates": [one.starts() for one in those]})
            for those in people
        ]

    def waiting(self, count, **fields):
        return [make_session(self.project, **fields) for _ in range(count)]

    @property
    def sessions(self):
        return ChatSession.objects.filter(project=self.project)

    def owned(self):
        rows = self.sessions.filter(state="assigned")
        return [rows.filter(owner=agent).count() for agent in self.agents]


def running(session):
    return list(session.assignments.filter(ended_at=None).values_list("agent", flat=True))


def assert_one_owner_each(stage):
    for session in stage.sessions:
        owner = [session.owner_id] if session.state == "assigned" else []
        assert running(session) == owner


def test_thirty_customers_at_once_are_ten_for_each_of_three(rounds, run):
    stages = [Stage("A", "B", "C") for _ in range(rounds)]
    run([stage.arrivals(10, each=3) for stage in stages])
    for stage in stages:
        assert stage.owned() == [10, 10, 10]
        assert Assignment.objects.filter(session__project=stage.project).count() == 30
        attempts = RoutingAttempt.objects.filter(session__project=stage.project)
        assert attempts.filter(outcome="assigned").count() == 30
        assert_one_owner_each(stage)


def test_the_router_never_passes_a_limit(rounds, run):
    stages = [Stage("A", "B", session_limit=3) for _ in range(rounds)]
    deeds = []
    for stage in stages:
        stage.waiting(6)
        route(stage.project)
        freed = [
            ("complete_and_route", {"session": one.pk, "by": stage.boss.pk})
            for one in stage.sessions[:3]
        ]
        watch = ("sample", {"project": stage.project.pk, "seconds": 1.0})
        deeds.append([watch, *freed, *stage.arrivals(4, each=2)])
    seen = [round_[0] for round_ in run(deeds)]
    assert max(seen) == 3
    for stage in stages:
        route(stage.project)
        assert stage.owned() == [3, 3]
        assert stage.sessions.filter(state="unassigned").count() == 5


def test_who_has_waited_longest_is_served_when_somebody_is_freed(rounds, run):
    stages = [Stage("A", session_limit=1) for _ in range(rounds)]
    deeds, oldest = [], []
    for stage in stages:
        (first,) = stage.waiting(1)
        route(stage.project)
        hour = clock.now() - timedelta(hours=1)
        oldest += stage.waiting(1, queued_at=hour, waiting_since=hour)
        freed = ("complete_and_route", {"session": first.pk, "by": stage.boss.pk})
        deeds.append([freed, *stage.arrivals(5)])
    run(deeds)
    for stage, session in zip(stages, oldest, strict=True):
        session.refresh_from_db()
        assert session.owner == stage.agents[0]
        assert stage.owned() == [1]


def test_of_a_transfer_and_a_completion_both_or_one_are_done(rounds, run):
    stages = [Stage("A", "B") for _ in range(rounds)]
    deeds = []
    for stage in stages:
        session = make_session(stage.project, owner=stage.agents[0])
        transfer = {"session": session.pk, "by": stage.boss.pk, "to": stage.agents[1].pk}
        finish = {"session": session.pk, "by": stage.boss.pk}
        deeds.append([("transfer", transfer), ("complete", finish)])
    for stage, (transferred, completed) in zip(stages, run(deeds), strict=True):
        session = stage.sessions.get()
        assert (completed, session.state) == (None, "completed")
        assert transferred in (None, {"refused": "completed"})
        assert session.owner == stage.agents[0 if transferred else 1]
        assert running(session) == []


def test_of_a_claim_and_the_router_one_has_the_session(rounds, run):
    stages = [Stage("A", "B", online=False) for _ in range(rounds)]
    deeds = []
    for stage in stages:
        (session,) = stage.waiting(1)
        mine, routed = stage.agents
        come_online(mine)
        mine.user.presence.status = "away"  # may claim, is not routed to
        mine.user.presence.save()
        claim = {"session": session.pk, "by": mine.user_id}
        online = {"user": routed.user_id, "project": stage.project.pk}
        deeds.append([("claim", claim), ("open_page_and_route", online)])
    for stage, (claimed, _) in zip(stages, run(deeds), strict=True):
        assert claimed in (None, {"refused": "not_owner"})
        assert stage.sessions.get().owner == stage.agents[1 if claimed else 0]
        assert_one_owner_each(stage)
        assert Assignment.objects.filter(session__project=stage.project).count() == 1


def test_other_rules_hold_from_the_moment_at_which_they_are_saved(rounds, run):
    stages = [Stage("A", "B") for _ in range(rounds)]
    deeds = []
    for stage in stages:
        swap = {"project": stage.project.pk, "agents": [stage.agents[1].pk]}
        deeds.append([("specify", swap), *stage.arrivals(6)])
    for stage, (saved_at, *_) in zip(stages, run(deeds), strict=True):
        assert sum(stage.owned()) == 6
        before = Assignment.objects.filter(agent=stage.agents[0])
        assert not before.filter(started_at__gt=datetime.fromisoformat(saved_at)).exists()
        assert_one_owner_each(stage)


def test_who_returns_when_it_is_released_keeps_it_or_finds_it_given(rounds, run):
    stages = [Stage("A", "B") for _ in range(rounds)]
    deeds = []
    for stage in stages:
        session = make_session(stage.project, owner=stage.agents[0])
        vanish(stage.agents[0])
        long_ago = clock.now() - timedelta(hours=1)
        PresenceInterval.objects.filter(user=stage.agents[0].user).update(ended_at=clock.now())
        ChatSession.objects.filter(pk=session.pk).update(
            owner_missing_since=long_ago, assigned_at=long_ago
        )
        deeds.append([("watch_owners", {}), ("open_page", {"user": stage.agents[0].user_id})])
    run(deeds)
    for stage in stages:
        assert Lease.objects.filter(user=stage.agents[0].user).exists()
        route(stage.project)
        session = stage.sessions.get()
        assert (session.state, session.owner_missing_since) == ("assigned", None)
        assert_one_owner_each(stage)
        ends = session.assignments.exclude(ended_at=None).values_list("ended_because", flat=True)
        assert list(ends) == (["owner_vanished"] if session.assignments.count() == 2 else [])
