"""The ground on which tests/sessions_app/test_machine.py moves: a company, time, workers, the sweep.

Time stands still but for the machine's own steps. Kicks are done after each step, kept while the
workers stand still, or lost; the sweep is the net. tests/support/watch.py looks at what was done and
tests/support/judge.py says what was right.
"""

import random
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from accounts.models import User
from core import clock, kick
from projects.models import Agent, Project
from routing import choice
from routing.actions import beat, close_lease, open_lease, set_status, sweep_hours, sweep_leases
from routing.models import Pool
from sessions_app import tasks
from sessions_app.models import ChatSession
from tests.factories import make_agent, make_bot, make_company, make_link, make_member, make_project
from tests.support import judge
from tests.support.seen import SEEN
from tests.support.tabs import Tab
from tests.support.updates import Person
from tests.support.viewing import caught_up, fresh, shown
from tests.support.watch import Watch

START = "2026-11-22T09:00:00+00:00"
# No sum of a few of these is a lease (90 s), the grace (60 s) or the time for an answer (120 s).
PAUSES = (11, 43, 76, 212)
STEP = timedelta(milliseconds=1)
BEAT = 25
NIGHT = timedelta(hours=26)  # longer than the least age limit
NAMES = {"Ann": None, "Ben": 2, "Cem": 1, "Dan": 3}  # with their limits
CUSTOMERS = 12

numbers = st.integers(0, 11)
seldom = st.sampled_from([False] * 5 + [True])
places = st.sampled_from([0, 0, 1])  # of a project

RULES = {
    "mode": st.sampled_from(Pool.Mode.values),
    "ties": st.sampled_from(Pool.Ties.values),
    "returning": st.sampled_from(Pool.Returning.values),
    "vanished": st.sampled_from(Pool.Vanished.values),
    "hidden_pages_receive": st.booleans(),
    "too_old_days": st.sampled_from([30, 30, 30, 1]),
    "answer_within_min": st.sampled_from([None, 2]),
}
first_rules = st.fixed_dictionaries(RULES)
changes = st.fixed_dictionaries(
    {}, optional=RULES | {"scope": st.sampled_from(["all", "all", "specified"])}
)
RIGHTS: dict[str, Any] = {
    "may_reply": True,
    "may_transfer": True,
    "may_complete": True,
    "is_enabled": True,
}
rights = st.fixed_dictionaries(
    {},
    optional={"session_limit": st.sampled_from([None, 1, 2])}
    | {right: seldom.map(lambda is_taken: not is_taken) for right in RIGHTS},
)
# What keeps somebody from receiving; by rules that come too, but seldom all in one run.
flaws = st.sampled_from(
    ["away", "hidden", "off_hours", "not_in_scope", "disabled", "no_reply_right"]
)


class Ground(Watch):
    """Two projects of one company, some of whose people work in both; time, workers and the sweep.
    Of the people the last is a manager too."""

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.time = time_machine.travel(START, tick=False)
        self.clock = self.time.start()
        self.kicks: list[dict[str, Any]] = []
        self.are_workers_there = True
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(clock._anchor, "now", lambda: datetime.now(UTC))
        self.patch.setattr(kick, "task", self._keep)
        lots = random.Random(0)  # the same steps draw the same
        self.patch.setattr(choice, "random", SimpleNamespace(Random=lambda: lots))
        company = make_company()
        self.boss = make_member(company, role="manager").user
        self.projects = [make_project(company, name) for name in ("Help", "Sales")]
        self.bots = {project.pk: make_bot(project) for project in self.projects}
        self.people = [
            make_agent(self.projects[0], name, session_limit=limit).user
            for name, limit in NAMES.items()
        ]
        self.people[-1].memberships.update(role="manager")
        self.managing = [self.boss, self.people[-1]]
        for user in self.people[:2]:  # these work in both
            make_agent(self.projects[1], user.name, user=user)
        self.customers = [
            Person(self.bots[self.projects[place % 3 == 2].pk], f"Customer {place}")
            for place in range(CUSTOMERS)
        ]
        self.link = make_link(self.projects[0], patience_s=60)
        self.link.agents.set(
            Agent.objects.filter(project=self.projects[0], user__in=self.people[1:3])
        )
        self.page_numbers = count(1)  # the same steps open the same ones
        self.all_come_to_work()
        self.before = {one.pk: fresh(self.boss, one) for one in self.projects}

    def _keep(self, name: str, /, **words: Any) -> None:
        """The second of one moment would find nothing to do."""
        waits = [kick["project_id"] for kick in self.kicks]
        if name == "sessions_app.route_project" and words["project_id"] not in waits:
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

    def person(self, number: int) -> User:
        return self.people[number % len(self.people)]

    def agent(self, number: int, *projects: Project) -> Agent | None:
        team = list(Agent.objects.filter(removed_at=None).order_by("pk"))
        team = [one for one in team if not projects or one.project in projects]
        return team[number % len(team)] if team else None

    def customer(self, number: int, *projects: Project) -> Person:
        """One without an open session, if there is one."""
        open_ = ChatSession.objects.exclude(state="completed").values("customer__telegram_id")
        talking = set(open_.values_list("customer__telegram_id", flat=True))
        mine = [one for one in self.customers if not projects or one.bot.project in projects]
        silent = [one for one in mine if one.id not in talking] or mine
        return silent[number % len(silent)]

    def session(self, number: int, *states: str) -> ChatSession | None:
        found = list(ChatSession.objects.filter(state__in=states).order_by("pk"))
        return found[number % len(found)] if found else None

    def page(self, number: int) -> Tab | None:
        found = self.tabs.open()
        return found[number % len(found)] if found else None

    # ---------------------------------------------------------------- pages

    def open_page(self, user: User, *, visible: bool) -> None:
        key = UUID(int=next(self.page_numbers))
        open_lease(user_id=user.pk, connection_id=key, state={"visible": visible})
        self._hear(key, user.pk, visible=visible)

    def beat(self, tab: Tab, *, visible: bool) -> None:
        beat(connection_id=tab.key, user_id=tab.user_id, state={"visible": visible})
        self._hear(tab.key, tab.user_id, visible=visible)

    def close(self, tab: Tab) -> None:
        close_lease(connection_id=tab.key)
        self.tabs.closes(tab)

    def _hear(self, key: UUID, user_id: int, *, visible: bool) -> None:
        """Whoever has a page is not missing."""
        self.tabs.reports(key, user_id, visible=visible)
        owned = ChatSession.objects.filter(owner__user=user_id).values_list("pk", flat=True)
        for session in owned:
            self.missing.pop(session, None)

    def choose(self, user: User, status: str) -> None:
        set_status(user_id=user.pk, status=status)
        self.tabs.chooses(user.pk, status)

    @rule()
    def all_come_to_work(self) -> None:
        for user in self.people:
            self.choose(user, "online")
            if not self.tabs.is_here(user.pk):
                self.open_page(user, visible=True)

    # ---------------------------------------------------------------- time, workers, the sweep

    @rule(seconds=st.sampled_from(PAUSES), asleep=st.sets(numbers, max_size=1))
    def time_goes_by(self, seconds: int, asleep: set[int]) -> None:
        """Pages beat meanwhile, but for those of people whose computers sleep; what slept wakes."""
        sleeping = {self.person(number).pk for number in asleep}
        for past in (*range(BEAT, seconds, BEAT), seconds):
            self.clock.shift(timedelta(seconds=past % BEAT or BEAT))
            for tab in self.tabs.open():
                if tab.user_id not in sleeping:
                    self.beat(tab, visible=tab.visible)

    @rule(asleep=st.sets(numbers, max_size=2))
    def a_long_pause(self, asleep: set[int]) -> None:
        """So long that a lease runs out, its owner is missed, and the grace is over."""
        for _ in range(3):
            self.time_goes_by(76, asleep)
            self.the_sweep_runs()

    @rule(is_swept=st.booleans(), is_holiday=seldom)
    def a_night_goes_by(self, is_swept: bool, is_holiday: bool) -> None:
        """With all computers asleep, and ours too or not."""
        self.clock.shift(NIGHT)
        if is_swept:
            self.the_sweep_runs()
        if not is_holiday:
            self.all_come_to_work()

    @rule()
    def a_worker_runs(self) -> None:
        self.do_what_was_kicked()

    def do_what_was_kicked(self) -> None:
        while self.kicks:
            words = self.kicks.pop(0)
            project = Project.objects.get(pk=words["project_id"])
            act = partial(tasks.route_project, **words)
            self.routed(act, released=self.unfit(project), looks=project.pk)

    @rule(are_there=st.sampled_from([True, True, False]))
    def workers_come_and_go(self, are_there: bool) -> None:
        self.are_workers_there = are_there

    @rule()
    def all_is_restarted(self) -> None:
        """What was on its way is lost."""
        self.kicks.clear()

    @rule()
    def the_sweep_runs(self) -> None:
        sweep_leases()
        sweep_hours()
        self.watch_owners()
        self.watch_answers()
        for project in self.projects:
            self.settle(project)

    @invariant()
    def all_is_sound(self) -> None:
        SEEN["steps"] += 1
        if self.are_workers_there:
            self.do_what_was_kicked()
        judge.assert_sound()
        self.tabs.assert_known()
        self.clock.shift(STEP)
