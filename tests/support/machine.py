"""The ground on which tests/sessions_app/test_machine.py moves: a company, time, workers, the sweep.

Time stands still but for the machine's own steps. Kicks are kept until a worker runs them, or lost;
the sweep is the net. tests/support/judge.py says what was right.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any, ClassVar
from uuid import UUID

import pytest
import time_machine
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from accounts.models import User
from core import clock, kick, tx
from core.errors import Refusal
from projects.models import Agent, Project
from routing.actions import (
    beat,
    open_lease,
    pool_of,
    sweep_hours,
    sweep_leases,
)
from routing.models import Lease, Pool, PresenceInterval
from sessions_app import tasks
from sessions_app.actions import absence, routing
from sessions_app.models import Assignment, ChatSession
from tests.factories import make_agent, make_bot, make_company, make_link, make_member, make_project
from tests.support import judge
from tests.support.judge import Court
from tests.support.updates import Person
from tests.support.viewing import caught_up, fresh, shown

START = "2026-11-22T09:00:00+00:00"
# No sum of a few of these is a lease (90 s), the grace (60 s) or the time for an answer (120 s).
PAUSES = (11, 43, 76, 212)
STEP = timedelta(milliseconds=1)
BEAT = 25
CLOSED = timedelta(seconds=15)  # what a closed page's lease is cut to
GRACE = timedelta(seconds=60)
NAMES = {"Ann": None, "Ben": 2, "Cem": 1, "Dan": 3}  # with their limits
CUSTOMERS = 10

numbers = st.integers(0, 11)


def _flags(page: Lease) -> dict[str, bool]:
    return {"visible": page.visible}


class Ground(RuleBasedStateMachine):
    """Two projects of one company, some of whose people work in both; time, workers and the sweep."""

    given: ClassVar[int] = 0  # assignments that were judged

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.time = time_machine.travel(START, tick=False)
        self.clock = self.time.start()
        self.kicks: list[dict[str, Any]] = []
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(clock._anchor, "now", lambda: datetime.now(UTC))
        self.patch.setattr(kick, "task", self._keep)
        company = make_company()
        self.boss = make_member(company, role="manager").user
        self.projects = [make_project(company, name) for name in ("Help", "Sales")]
        self.bots = {project.pk: make_bot(project) for project in self.projects}
        self.people = [
            make_agent(self.projects[0], name, session_limit=limit).user
            for name, limit in NAMES.items()
        ]
        for user in self.people[:2]:  # these work in both
            make_agent(self.projects[1], user.name, user=user)
        self.customers = [
            Person(self.bots[self.projects[place % 3 == 2].pk], f"Customer {place}")
            for place in range(CUSTOMERS)
        ]
        own = Agent.objects.get(project=self.projects[0], user=self.people[2])
        self.link = make_link(self.projects[0], patience_s=60)
        self.link.agents.add(own)
        self.numbers = count(1)  # of pages: the same steps open the same ones
        self.missing: dict[int, datetime] = {}
        for user in self.people[:3]:
            self.open_page(user, {"visible": True})
        self.before = {one.pk: fresh(self.boss, one) for one in self.projects}

    def _keep(self, name: str, /, **words: Any) -> None:
        if name == "sessions_app.route_project":
            self.kicks.append(words)

    def teardown(self) -> None:
        try:
            self.the_sweep_runs()  # tells of leases that ran out
            for project in self.projects:
                self._compare_pages(project)
        finally:
            self.patch.undo()
            self.time.stop()
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)

    def _compare_pages(self, project: Project) -> None:
        """A manager's page that heard every event shows what a fresh one does."""
        told = caught_up(self.before[project.pk], self.boss, project)
        assert shown(told) == shown(fresh(self.boss, project))

    # ---------------------------------------------------------------- what there is to choose from

    def agent(self, number: int, *projects: Project) -> Agent | None:
        team = list(Agent.objects.filter(removed_at=None).order_by("pk"))
        team = [one for one in team if not projects or one.project in projects]
        return team[number % len(team)] if team else None

    def customer(self, number: int) -> Person:
        """One without an open session, if there is one."""
        open_ = ChatSession.objects.exclude(state="completed").values("customer__telegram_id")
        talking = set(open_.values_list("customer__telegram_id", flat=True))
        silent = [one for one in self.customers if one.id not in talking] or self.customers
        return silent[number % len(silent)]

    def session(self, number: int, *states: str) -> ChatSession | None:
        found = list(ChatSession.objects.filter(state__in=states).order_by("pk"))
        return found[number % len(found)] if found else None

    def page(self, number: int) -> Lease | None:
        found = list(Lease.objects.order_by("opened_at", "pk"))
        return found[number % len(found)] if found else None

    def open_page(self, user: User, state: dict[str, bool]) -> None:
        open_lease(user_id=user.pk, connection_id=UUID(int=next(self.numbers)), state=state)
        self._is_here(user.pk)

    def _is_here(self, user_id: int) -> None:
        """Whoever has a page is not missing."""
        owned = ChatSession.objects.filter(owner__user=user_id).values_list("pk", flat=True)
        for key in owned:
            self.missing.pop(key, None)

    # ---------------------------------------------------------------- time, workers, the sweep

    @rule(seconds=st.sampled_from(PAUSES), asleep=st.sets(numbers, max_size=1))
    def time_goes_by(self, seconds: int, asleep: set[int]) -> None:
        """Pages beat meanwhile, but for those of people whose computers sleep."""
        asleep = {self.people[number % len(NAMES)].pk for number in asleep}
        for past in (*range(BEAT, seconds, BEAT), seconds):
            self.clock.shift(timedelta(seconds=past % BEAT or BEAT))
            for page in Lease.objects.filter(expires_at__gt=clock.now() + CLOSED):
                if page.user_id not in asleep:
                    beat(connection_id=page.pk, user_id=page.user_id, state=_flags(page))
                    self._is_here(page.user_id)

    @rule(asleep=st.sets(numbers, max_size=1))
    def a_long_pause(self, asleep: set[int]) -> None:
        self.time_goes_by(76, asleep)
        self.the_sweep_runs()
        self.time_goes_by(76, asleep)
        self.the_sweep_runs()

    @rule()
    def a_worker_runs(self) -> None:
        while self.kicks:
            words = self.kicks.pop(0)
            project = Project.objects.get(pk=words["project_id"])
            act = partial(tasks.route_project, **words)
            self.routed(act, released={project.pk: self._unfit(project)}, looks=project.pk)

    @rule()
    def a_worker_runs_again(self) -> None:
        self.a_worker_runs()

    @rule()
    def all_is_restarted(self) -> None:
        """What was on its way is lost."""
        self.kicks.clear()

    @rule()
    def the_sweep_runs(self) -> None:
        sweep_leases()
        sweep_hours()
        self._watch_owners()
        self._watch_answers()
        for project in self.projects:
            self._settle(project)
            self._all_know_why(project)

    def _watch_owners(self) -> None:
        """Whose owner has been seen missing for the grace goes back to its old place, or is kept."""
        due: dict[int, list[ChatSession]] = {project.pk: [] for project in self.projects}
        flagged: set[int] = set()
        for session in self._owned():
            assert session.owner is not None
            user = session.owner.user_id
            here = Lease.objects.filter(user=user, expires_at__gt=clock.now())
            if here.exists():
                self.missing.pop(session.pk, None)
            elif session.is_flagged:
                flagged.add(session.pk)
            elif session.pk not in self.missing:
                if self._was_here_since(user, session.assigned_at):
                    self.missing[session.pk] = clock.now()
                else:
                    flagged.add(session.pk)
            elif clock.now() - self.missing[session.pk] >= GRACE:
                if pool_of(session.project).vanished == Pool.Vanished.KEEP:
                    flagged.add(session.pk)
                else:
                    due[session.project_id].append(session)
        self.routed(absence.watch_owners, released=due)
        assert {one.pk for one in self._owned() if one.is_flagged} == flagged

    def _watch_answers(self) -> None:
        due: dict[int, list[ChatSession]] = {project.pk: [] for project in self.projects}
        for session in self._owned():
            assert session.owner is not None
            within = pool_of(session.project).answer_within_min
            if within is None or session.answer_since is None:
                continue
            before = clock.now() - timedelta(minutes=within)
            pages = Lease.objects.filter(user=session.owner.user_id, expires_at__gt=clock.now())
            if session.answer_since <= before and pages.filter(here_since__lte=before).exists():
                due[session.project_id].append(session)
        self.routed(absence.watch_answers, released=due)

    def _settle(self, project: Project) -> None:
        def settle() -> None:
            if routing.is_due(project.pk):
                routing.settle_project(project_id=project.pk, trigger="sweep")

        self.routed(settle, released={project.pk: self._unfit(project)}, looks=project.pk)
        assert not self._unfit(project)

    def _all_know_why(self, project: Project) -> None:
        """Each that waits has been told why in this wait, and the head of the line what is true now."""
        court = Court.of(project.pk)
        for place, one in enumerate(court.line):
            last = one.session.attempts.order_by("pk").last()
            since = one.session.waiting_since
            assert last is not None, f"{one.session} waits unexplained"
            assert last.at >= (since or last.at), f"{one.session} waits unexplained"
            assert last.outcome == "waiting"
            if place == 0 and court.routes and not one.is_too_old:
                told = {
                    row["agent"]: {code["code"] for code in row["codes"]} for row in last.verdicts
                }
                true = {str(agent.public_id): court.codes(agent.pk, one) for agent in court.circle}
                assert told == true, f"{one.session} was told {told}"
                assert not last.project_code or last.project_code in {"no_agents", "scope_empty"}
            elif place == 0:
                assert last.project_code == ("too_old" if court.routes else "project_paused")

    def _owned(self) -> list[ChatSession]:
        rows = ChatSession.objects.filter(state="assigned").order_by("pk")
        return list(rows.select_related("owner__user", "project"))

    def _unfit(self, project: Project) -> list[ChatSession]:
        """Owned by somebody who may not reply any more."""
        return [
            one
            for one in self._owned()
            if one.project_id == project.pk and one.owner and self._is_unfit(one.owner)
        ]

    def _is_unfit(self, owner: Agent) -> bool:
        return bool(
            owner.removed_at
            or not owner.is_enabled
            or not owner.may_reply
            or not User.objects.get(pk=owner.user_id).is_active
        )

    def _was_here_since(self, user_id: int, at: datetime | None) -> bool:
        stays = PresenceInterval.objects.filter(user=user_id).exclude(state="offline")
        return any(one.ended_at is None or at is None or one.ended_at > at for one in stays)

    # ---------------------------------------------------------------- hands, judged

    def _may(self, session: ChatSession, agent: Agent, must: set[str]) -> bool:
        court = Court.of(agent.project_id)
        return court.routes and not court.codes(agent.pk, court.hears(session)) & must

    def by_hand(self, act: Callable[[], object], session: ChatSession, owner: Agent | None) -> None:
        """`owner`: who has it afterwards; None: it is refused and all stays as it was."""
        was, turn = (session.state, session.owner), pool_of(session.project).turn
        refused = ""
        try:
            tx.run(act)
        except Refusal as refusal:
            refused = refusal.code
        assert (owner is None) == bool(refused), f"refused as {refused!r}, {owner} expected"
        if owner:
            self.missing.pop(session.pk, None)
        now = ChatSession.objects.get(pk=session.pk)
        assert (now.state, now.owner) == (("assigned", owner) if owner else was)
        assert pool_of(session.project).turn == turn, "a hand costs no turn"

    # ---------------------------------------------------------------- routing, judged

    def routed(
        self,
        act: Callable[[], object],
        *,
        released: dict[int, list[ChatSession]] | None = None,
        looks: int | None = None,
    ) -> None:
        """`act` may route. By project: the sessions that it takes from their owners before. `looks`:
        the project in which it looks at all that waits; else it does where something was opened or
        released."""
        released = released or {}
        courts = {one.pk: Court.of(one.pk) for one in self.projects}
        known = set(ChatSession.objects.values_list("pk", flat=True))
        last = Assignment.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        running = set(Assignment.objects.filter(ended_at=None).values_list("pk", flat=True))
        act()
        opened = list(ChatSession.objects.exclude(pk__in=known).select_related("link"))
        given = list(
            Assignment.objects.filter(pk__gt=last).order_by("pk").select_related("session")
        )
        ended = Assignment.objects.filter(pk__in=running).exclude(ended_at=None)
        gone = {one.pk for those in released.values() for one in those}
        assert set(ended.values_list("session", flat=True)) == gone
        for key, court in courts.items():
            for session in released.get(key, []):
                self._released(court, session)
            new = [one for one in opened if one.project_id == key]
            court.line += [self._new(court, one) for one in new]
            court.sort()
            mine = [one for one in given if one.session.project_id == key]
            Ground.given += len(mine)
            court.judge(mine, is_whole=key == looks or bool(new or released.get(key)))

    def _new(self, court: Court, session: ChatSession) -> judge.Waiting:
        session.waiting_since = session.opened_at
        return court.hears(session, is_new=True)

    def _released(self, court: Court, session: ChatSession) -> None:
        self.missing.pop(session.pk, None)
        court.open[session.owner_id] = court.open.get(session.owner_id, 1) - 1
        now = ChatSession.objects.select_related("link").get(pk=session.pk)
        assert now.queued_at == session.queued_at, "back to its old place"
        now.waiting_since = clock.now()
        court.line.append(court.hears(now, is_new=True))

    @invariant()
    def all_rows_are_sound(self) -> None:
        judge.assert_sound()
        self.clock.shift(STEP)
