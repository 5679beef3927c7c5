"""Anything that people, time and faults can do, in any order: the rules hold at every step.

A state machine over the real actions. Time stands still but for the machine's own steps. Kicks are
kept until a worker runs them, or lost; the sweep is the net. tests/support/judge.py says what was
right.
"""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from accounts.actions import set_enabled
from accounts.models import User
from core import clock, kick, tx
from core.errors import Refusal
from projects.actions import add_agent, change_agent, remove_agent, reorder_agents, set_state
from projects.models import Agent, Project
from redirects.actions import clicks
from redirects.capture import Visit
from routing.actions import (
    beat,
    change_rules,
    close_lease,
    open_lease,
    pool_of,
    set_hours,
    set_status,
    sweep_hours,
    sweep_leases,
)
from routing.hours import Span
from routing.models import Lease, Pool, PresenceInterval
from sessions_app import tasks
from sessions_app.actions import absence, ownership, routing
from sessions_app.actions.messages import reply
from sessions_app.models import Assignment, ChatSession
from tests.factories import make_agent, make_bot, make_company, make_link, make_member, make_project
from tests.support import judge
from tests.support.judge import Court
from tests.support.updates import Person, take_in
from tests.support.viewing import caught_up, fresh, shown

pytestmark = pytest.mark.django_db

START = "2026-11-22T09:00:00+00:00"
# No sum of a few of these is a lease (90 s), the grace (60 s) or the time for an answer (120 s).
PAUSES = (11, 43, 76, 212)
STEP = timedelta(milliseconds=1)
BEAT = 25
CLOSED = timedelta(seconds=15)  # what a closed page's lease is cut to
GRACE = timedelta(seconds=60)
NAMES = ("Ann", "Ben", "Cem", "Dan")
CUSTOMERS = 6

numbers = st.integers(0, 11)
pages = st.fixed_dictionaries({"visible": st.sampled_from([True, True, False])})


def _flags(page: Lease) -> dict[str, bool]:
    return {"visible": page.visible}


class Machine(RuleBasedStateMachine):
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
        self.people = [make_agent(self.projects[0], name).user for name in NAMES]
        for user in self.people[:2]:  # these work in both
            make_agent(self.projects[1], user.name, user=user)
        self.customers = [
            Person(self.bots[self.projects[place % 3 == 2].pk], f"Customer {place}")
            for place in range(CUSTOMERS)
        ]
        own = Agent.objects.get(project=self.projects[0], user=self.people[2])
        self.link = make_link(self.projects[0], patience_s=60)
        self.link.agents.add(own)
        for user in self.people[:3]:
            open_lease(user_id=user.pk, connection_id=uuid4(), state={"visible": True})
        self.missing: dict[int, datetime] = {}
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

    def session(self, number: int, *states: str) -> ChatSession | None:
        found = list(ChatSession.objects.filter(state__in=states).order_by("pk"))
        return found[number % len(found)] if found else None

    def page(self, number: int) -> Lease | None:
        found = list(Lease.objects.order_by("opened_at", "pk"))
        return found[number % len(found)] if found else None

    # ---------------------------------------------------------------- customers

    @rule(number=numbers, text=st.sampled_from(["Hello", "/start"]))
    def writes(self, number: int, text: str) -> None:
        person = self.customers[number % CUSTOMERS]
        self.routed(lambda: take_in(person.bot, person.says(text)))

    @rule(number=numbers)
    def writes_too(self, number: int) -> None:
        self.writes(number, "Hello")

    @rule(numbers=st.lists(numbers, min_size=2, max_size=5))
    def write_together(self, numbers: list[int]) -> None:
        bot = self.bots[self.projects[0].pk]
        mine = [one for one in map(self._customer, numbers) if one.bot == bot]
        self.routed(lambda: take_in(bot, *(one.says() for one in mine)))

    def _customer(self, number: int) -> Person:
        return self.customers[number % CUSTOMERS]

    @rule(number=numbers)
    def comes_by_the_link(self, number: int) -> None:
        person = self.customers[number % CUSTOMERS]
        click = clicks.click(link=self.link.pk, at=clock.now(), visit=Visit(), state="active")
        clicks.store([click])
        self.routed(lambda: take_in(person.bot, person.starts(click.ticket)))

    # ---------------------------------------------------------------- agents and their pages

    @rule(number=numbers, state=pages)
    def opens_a_page(self, number: int, state: dict[str, bool]) -> None:
        user = self.people[number % len(NAMES)]
        open_lease(user_id=user.pk, connection_id=uuid4(), state=state)
        self._is_here(user.pk)

    @rule(number=numbers, state=pages)
    def beats(self, number: int, state: dict[str, bool]) -> None:
        page = self.page(number)
        if page:
            beat(connection_id=page.pk, user_id=page.user_id, state=state)
            self._is_here(page.user_id)

    @rule(number=numbers)
    def closes_a_page(self, number: int) -> None:
        page = self.page(number)
        if page:
            close_lease(connection_id=page.pk)

    @rule(number=numbers, status=st.sampled_from(["online", "online", "away"]))
    def chooses(self, number: int, status: str) -> None:
        set_status(user_id=self.people[number % len(NAMES)].pk, status=status)

    def _is_here(self, user_id: int) -> None:
        """Whoever has a page is not missing."""
        owned = ChatSession.objects.filter(owner__user=user_id).values_list("pk", flat=True)
        for key in owned:
            self.missing.pop(key, None)

    # ---------------------------------------------------------------- hands

    @rule(number=numbers, by=numbers)
    def claims(self, number: int, by: int) -> None:
        session = self.session(number, "unassigned")
        mine = self.agent(by, session.project) if session else None
        if session and mine:
            may = self._may(session, mine, judge.SELF)
            act = partial(ownership.claim, session=session, actor=mine.user)
            self.by_hand(act, session, mine if may else None)

    @rule(number=numbers, to=numbers, is_own_wish=st.booleans())
    def transfers(self, number: int, to: int, is_own_wish: bool) -> None:
        session, target = self.session(number, "assigned"), self.agent(to)
        if not session or not target or target == session.owner:
            return
        assert session.owner is not None
        must = judge.COLLEAGUE if is_own_wish else judge.MANAGER
        actor = session.owner.user if is_own_wish else self.boss
        may = target.project_id == session.project_id and self._may(session, target, must)
        act = partial(ownership.transfer, session=session, actor=actor, to=target)
        self.by_hand(act, session, target if may else None)

    @rule(number=numbers, to=numbers)
    def gives(self, number: int, to: int) -> None:
        session, target = self.session(number, "unassigned"), self.agent(to)
        if session and target:
            may = target.project_id == session.project_id
            may = may and self._may(session, target, judge.MANAGER)
            act = partial(ownership.transfer, session=session, actor=self.boss, to=target)
            self.by_hand(act, session, target if may else None)

    @rule(number=numbers)
    def puts_back(self, number: int) -> None:
        session = self.session(number, "assigned")
        if session:
            last = ChatSession.objects.filter(project=session.project).latest("queued_at")
            tx.run(ownership.put_back, session=session, actor=self.boss)
            session.refresh_from_db()
            assert (session.state, session.owner) == ("unassigned", None)
            assert session.queued_at > last.queued_at, "put back behind the others"
            self.missing.pop(session.pk, None)

    @rule(number=numbers)
    def completes(self, number: int) -> None:
        session = self.session(number, "unassigned", "assigned")
        if session:
            tx.run(ownership.complete, session=session, actor=self.boss)
            session.refresh_from_db()
            assert session.state == "completed"
            self.missing.pop(session.pk, None)

    @rule(number=numbers, by=numbers)
    def reopens(self, number: int, by: int) -> None:
        session = self.session(number, "completed")
        mine = self.agent(by, session.project) if session else None
        if session and mine:
            same = ChatSession.objects.filter(customer=session.customer).exclude(state="completed")
            may = not same.exists() and self._may(session, mine, judge.SELF)
            act = partial(ownership.reopen, session=session, actor=mine.user)
            self.by_hand(act, session, mine if may else None)

    @rule(number=numbers)
    def answers(self, number: int) -> None:
        session = self.session(number, "assigned")
        if session and session.owner and not self._is_unfit(session.owner):
            tx.run(reply, session=session, actor=session.owner.user, key=uuid4(), text="Yes?")

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

    # ---------------------------------------------------------------- managers change things

    @rule(
        place=st.sampled_from([0, 0, 1]),
        rules=st.fixed_dictionaries(
            {},
            optional={
                "mode": st.sampled_from(Pool.Mode.values),
                "scope": st.sampled_from(Pool.Scope.values),
                "ties": st.sampled_from(Pool.Ties.values),
                "returning": st.sampled_from(Pool.Returning.values),
                "vanished": st.sampled_from(Pool.Vanished.values),
                "hidden_pages_receive": st.booleans(),
                "answer_within_min": st.sampled_from([None, 2]),
            },
        ),
        listed=st.none() | st.lists(numbers, max_size=3),
    )
    def change_rules(self, place: int, rules: dict[str, Any], listed: list[int] | None) -> None:
        project = self.projects[place]
        team = list(Agent.objects.filter(project=project, removed_at=None))
        chosen = None if listed is None else [team[n % len(team)] for n in listed] if team else []
        change_rules(pool=pool_of(project), actor=self.boss, specified=chosen, **rules)

    @rule(
        number=numbers,
        rights=st.fixed_dictionaries(
            {},
            optional={
                "session_limit": st.sampled_from([None, 1, 2]),
                "may_reply": st.sampled_from([True, True, True, False]),
                "is_enabled": st.sampled_from([True, True, True, False]),
            },
        ),
    )
    def change_agent(self, number: int, rights: dict[str, Any]) -> None:
        agent = self.agent(number)
        if agent and rights:
            change_agent(agent=agent, actor=self.boss, **rights)

    @rule(number=numbers, is_enabled=st.sampled_from([True, True, True, False]))
    def change_account(self, number: int, is_enabled: bool) -> None:
        set_enabled(user=self.people[number % len(NAMES)], is_enabled=is_enabled, actor=self.boss)
        for user in self.people:
            user.refresh_from_db()

    @rule(number=numbers)
    def leaves_the_team(self, number: int) -> None:
        """His kicks arrive: a list that is changed again before that has another gap."""
        agent = self.agent(number)
        if agent:
            remove_agent(agent=agent, actor=self.boss)
            self.a_worker_runs()

    @rule(number=numbers, place=st.sampled_from([0, 1]))
    def joins_the_team(self, number: int, place: int) -> None:
        user, project = self.people[number % len(NAMES)], self.projects[place]
        if not Agent.objects.filter(user=user, project=project, removed_at=None).exists():
            add_agent(project=project, user=user, actor=self.boss)

    @rule(order=st.permutations(range(len(NAMES))))
    def reorder(self, order: list[int]) -> None:
        team = list(Agent.objects.filter(project=self.projects[0], removed_at=None))
        ids = [team[place].public_id for place in order if place < len(team)]
        reorder_agents(project=self.projects[0], agent_ids=ids, actor=self.boss)

    @rule(number=numbers, has_hours=st.sampled_from([False, False, True]))
    def change_hours(self, number: int, has_hours: bool) -> None:
        agent = self.agent(number)
        if agent:
            far = Span((clock.now().weekday() + 3) % 7, time(12), time(13))
            set_hours(agent=agent, spans=[far] if has_hours else [], actor=self.boss)

    @rule(
        place=st.sampled_from([0, 1]),
        state=st.sampled_from(["active", "active", "active", "paused"]),
    )
    def pause(self, place: int, state: str) -> None:
        set_state(project=self.projects[place], state=state, actor=self.boss)

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


def run(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_rules_hold_over_200_steps():
    run(examples=4, steps=50)


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_the_rules_hold_over_2000_steps():
    run(examples=20, steps=100)
