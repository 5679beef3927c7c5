"""Anything that people, time and faults can do, in any order: the rules hold at every step.

A state machine over the real actions. tests/support/machine.py is the ground on which it moves,
tests/support/judge.py says what was right.
"""

from datetime import time
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from accounts.actions import set_enabled
from accounts.models import User
from bots.actions import pausing
from bots.actions.bots import set_state
from core import clock, tx
from projects.actions import add_agent, change_agent, remove_agent, reorder_agents
from projects.models import Agent
from redirects.actions import clicks, links
from redirects.capture import Visit
from routing.actions import change_rules, pool_of, set_hours
from routing.hours import Span
from sessions_app.actions import ownership
from sessions_app.actions.messages import reply
from sessions_app.models import ChatSession
from tests.support import judge
from tests.support.machine import (
    NAMES,
    RIGHTS,
    Ground,
    changes,
    first_rules,
    flaws,
    numbers,
    places,
    rights,
    seldom,
)
from tests.support.seen import SEEN, of_each_kind, too_thin
from tests.support.updates import take_in
from tests.support.watch import is_unfit

pytestmark = pytest.mark.django_db


class Machine(Ground):
    """What people do."""

    @initialize(first=first_rules, second=first_rules, flaws=st.lists(flaws, max_size=3))
    def all_begins(self, first: dict[str, Any], second: dict[str, Any], flaws: list[str]) -> None:
        for number, flaw in enumerate(flaws):
            self.something_keeps(number, flaw)
        for place, rules in enumerate((first, second)):
            change_rules(pool=pool_of(self.projects[place]), actor=self.boss, **rules)
            self.write_together(place, 3)
        self.comes_by_the_link(0)

    def something_keeps(self, number: int, flaw: str) -> None:
        if flaw == "away":
            self.chooses(number, is_away=True)
        elif flaw == "hidden":
            self.looks_elsewhere_or_here(number, visible=False)
        elif flaw == "off_hours":
            self.change_hours(number, has_hours=True)
        elif flaw == "not_in_scope":
            others = [place for place in range(len(NAMES)) if place != number]
            self.change_rules(0, {"scope": "specified"}, listed=others)
        elif flaw == "disabled":
            self.change_account(number, is_disabled=True)
        else:
            self.change_agent(number, {"may_reply": False})

    # ---------------------------------------------------------------- customers

    @rule()
    def a_day_goes_on(self) -> None:
        """One is done and the next writes. By its name the first rule: of it alone is one run."""
        self.completes_one_of_his(0)
        self.writes(0, "Hello")

    @rule(number=numbers, text=st.sampled_from(["Hello", "/start"]))
    def writes(self, number: int, text: str) -> None:
        person = self.customer(number)
        self.routed(lambda: take_in(person.bot, person.says(text)))

    @rule(number=numbers)
    def writes_once_more(self, number: int) -> None:
        """Perhaps in a session that is open."""
        person = self.customers[number]
        self.routed(lambda: take_in(person.bot, person.says()))

    @rule(place=places, count=st.integers(3, 8))
    def write_together(self, place: int, count: int) -> None:
        bot = self.bots[self.projects[place].pk]
        mine = [one for one in self.customers if one.bot == bot][-count:]
        self.routed(lambda: take_in(bot, *(one.says() for one in mine)))

    @rule(number=numbers)
    def comes_by_the_link(self, number: int) -> None:
        person = self.customer(number, self.projects[0])
        click = clicks.NewClick(link_id=self.link.pk, at=clock.now(), visit=Visit(), state="active")
        clicks.store([click])
        self.routed(lambda: take_in(person.bot, person.starts(click.ticket)))

    @rule(number=numbers)
    def one_is_done_and_the_next_comes_by_the_link(self, number: int) -> None:
        self.completes_one_of_his(number)
        self.comes_by_the_link(number)

    @rule(count=st.integers(1, 4), place=places)
    def some_are_done_and_many_write(self, count: int, place: int) -> None:
        for number in range(count):
            self.completes(number, "assigned", 0)
        self.write_together(place, 2 * count)

    @rule(place=places, count=st.integers(1, 4))
    def some_write_at_night(self, place: int, count: int) -> None:
        """In the morning they have waited."""
        self.a_night_goes_by(is_swept=False, is_holiday=True)
        self.write_together(place, count)
        self.comes_by_the_link(count)
        self.all_come_to_work()

    # ---------------------------------------------------------------- agents and their pages

    @rule(number=numbers, visible=st.sampled_from([True, True, False]))
    def opens_a_page(self, number: int, visible: bool) -> None:
        self.open_page(self.person(number), visible=visible)

    @rule(number=numbers, visible=st.booleans())
    def beats(self, number: int, visible: bool) -> None:
        page = self.page(number)
        if page:
            self.beat(page, visible=visible)

    @rule(number=numbers, visible=st.booleans())
    def looks_elsewhere_or_here(self, number: int, visible: bool) -> None:
        for page in self.tabs.open():
            if page.user_id == self.person(number).pk:
                self.beat(page, visible=visible)

    @rule(number=numbers)
    def closes_a_page(self, number: int) -> None:
        page = self.page(number)
        if page:
            self.close(page)

    @rule(number=numbers, is_given_one=st.booleans())
    def goes_home(self, number: int, is_given_one: bool) -> None:
        """He is missed, within the grace in vain; what he is given now is his until he comes."""
        user, session = self.person(number), self.session(number, "assigned")
        for page in self.tabs.open():
            if page.user_id == user.pk:
                self.close(page)
        self.time_goes_by(43, set())
        mine = Agent.objects.filter(user=user, removed_at=None).order_by("pk").first()
        if is_given_one and session and mine and mine != session.owner:
            self._hand_over(session, mine, self.boss)
        for _ in range(3):
            self.the_sweep_runs()
            self.time_goes_by(43, set())

    @rule(number=numbers, is_away=st.booleans())
    def chooses(self, number: int, is_away: bool) -> None:
        self.choose(self.person(number), "away" if is_away else "online")

    # ---------------------------------------------------------------- hands

    @rule(number=numbers, by=numbers)
    def claims(self, number: int, by: int) -> None:
        session = self.session(number, "unassigned")
        mine = self.agent(by, session.project) if session else None
        if session and mine:
            may = self.may_own(session, mine, self.binding(mine.user, judge.SELF))
            act = partial(ownership.claim, session=session, actor=mine.user)
            self.by_hand(act, session, may=may, owner=mine)

    @rule(number=numbers, to=numbers, is_own_wish=st.booleans())
    def transfers(self, number: int, to: int, is_own_wish: bool) -> None:
        session = self.session(number, "assigned")
        target = self.agent(to, session.project) if session else None
        if session and session.owner and target and target != session.owner:
            self._hand_over(session, target, session.owner.user if is_own_wish else self.boss)

    def _hand_over(self, session: ChatSession, target: Agent, actor: User) -> None:
        assert session.owner
        may = self.may_own(session, target, self.binding(actor, judge.COLLEAGUE))
        may = may and (actor in self.managing or acts(session.owner, "may_transfer"))
        act = partial(ownership.transfer, session=session, actor=actor, to=target)
        self.by_hand(act, session, may=may, owner=target)

    @rule(number=numbers, by=numbers)
    def takes_over(self, number: int, by: int) -> None:
        session = self.session(number, "assigned")
        mine = self.agent(by, session.project) if session else None
        if session and mine and mine != session.owner:
            may = self.may_own(session, mine, self.binding(mine.user, judge.SELF))
            may = may and (mine.user in self.managing or acts(mine, "may_transfer"))
            act = partial(ownership.transfer, session=session, actor=mine.user, to=mine)
            self.by_hand(act, session, may=may, owner=mine)

    @rule(number=numbers, to=numbers)
    def gives(self, number: int, to: int) -> None:
        session, target = self.session(number, "unassigned"), self.agent(to)
        if session and target:
            may = self.may_own(session, target, judge.MANAGER)
            act = partial(ownership.transfer, session=session, actor=self.boss, to=target)
            self.by_hand(act, session, may=may, owner=target)

    @rule(number=numbers, by=numbers)
    def puts_back(self, number: int, by: int) -> None:
        """A manager, the owner, or somebody else, who may not."""
        session = self.session(number, "assigned")
        if session:
            last = ChatSession.objects.filter(project=session.project).latest("queued_at")
            actor, may = self._somebody(session, by, "may_transfer")
            act = partial(ownership.put_back, session=session, actor=actor)
            self.by_hand(act, session, may=may, state="unassigned")
            session.refresh_from_db()
            assert not may or session.queued_at > last.queued_at, "put back behind the others"

    @rule(number=numbers)
    def completes_one_of_his(self, number: int) -> None:
        self.completes(number, "assigned", 0)

    @rule(number=numbers, state=st.sampled_from(["unassigned", "assigned"]), by=numbers)
    def completes(self, number: int, state: str, by: int) -> None:
        session = self.session(number, state)
        if session:
            actor, may = self._somebody(session, by, "may_complete")
            act = partial(ownership.complete, session=session, actor=actor)
            self.by_hand(act, session, may=may, state="completed", owner=session.owner)

    def _somebody(self, session: ChatSession, by: int, right: str) -> tuple[User, bool]:
        """And whether he may do with it what needs this right."""
        mine = self.agent(by, session.project)
        if by % 2 == 0 or mine is None:
            return self.boss, True
        mine = session.owner if by % 3 and session.owner else mine
        is_owner = mine == session.owner and acts(mine, right)
        return mine.user, is_owner or mine.user in self.managing

    @rule(number=numbers, by=numbers)
    def reopens(self, number: int, by: int) -> None:
        session = self.session(number, "completed")
        mine = self.agent(by, session.project) if session else None
        if session and mine:
            same = ChatSession.objects.filter(customer=session.customer).exclude(state="completed")
            may = self.may_own(session, mine, self.binding(mine.user, judge.SELF))
            act = partial(ownership.reopen, session=session, actor=mine.user)
            self.by_hand(act, session, may=may and not same.exists(), owner=mine)

    @rule(number=numbers)
    def answers(self, number: int) -> None:
        session = self.session(number, "assigned")
        if session and session.owner and not is_unfit(session.owner):
            tx.run(reply, session=session, actor=session.owner.user, key=uuid4(), text="Yes?")
            self.owing.pop(session.pk, None)

    # ---------------------------------------------------------------- managers change things

    @rule(place=places, rules=changes, listed=st.none() | st.lists(numbers, min_size=1, max_size=4))
    def change_rules(self, place: int, rules: dict[str, Any], listed: list[int] | None) -> None:
        project = self.projects[place]
        team = list(Agent.objects.filter(project=project, removed_at=None).order_by("pk"))
        chosen = None if listed is None else [team[n % len(team)] for n in listed] if team else []
        change_rules(pool=pool_of(project), actor=self.boss, specified=chosen, **rules)

    @rule(number=numbers, rights=rights)
    def change_agent(self, number: int, rights: dict[str, Any]) -> None:
        agent = self.agent(number)
        if agent and rights:
            change_agent(agent=agent, actor=self.boss, **rights)

    @rule(number=numbers, is_disabled=seldom)
    def change_account(self, number: int, is_disabled: bool) -> None:
        set_enabled(user=self.person(number), is_enabled=not is_disabled, actor=self.boss)
        for user in self.people:
            user.refresh_from_db()
        # Whose account is disabled manages nothing.
        self.managing = [user for user in (self.boss, self.people[-1]) if user.is_active]

    @rule(number=numbers)
    def leaves_the_team(self, number: int) -> None:
        """His kicks arrive: a list that is changed again before that has another gap."""
        agent = self.agent(number)
        if agent:
            remove_agent(agent=agent, actor=self.boss)
            self.a_worker_runs()

    @rule(number=numbers, place=places)
    def joins_the_team(self, number: int, place: int) -> None:
        user, project = self.person(number), self.projects[place]
        if not Agent.objects.filter(user=user, project=project, removed_at=None).exists():
            add_agent(project=project, user=user, actor=self.boss)

    @rule(order=st.permutations(range(len(NAMES))))
    def reorder(self, order: list[int]) -> None:
        team = list(Agent.objects.filter(project=self.projects[0], removed_at=None).order_by("pk"))
        ids = [team[place].public_id for place in order if place < len(team)]
        reorder_agents(project=self.projects[0], agent_ids=ids, actor=self.boss)

    @rule(number=numbers, has_hours=seldom)
    def change_hours(self, number: int, has_hours: bool) -> None:
        agent = self.agent(number)
        if agent:
            far = Span((clock.now().weekday() + 3) % 7, time(12), time(13))
            set_hours(agent=agent, spans=[far] if has_hours else [], actor=self.boss)

    @rule(listed=st.lists(numbers, max_size=3))
    def change_link(self, listed: list[int]) -> None:
        chosen = {self.agent(number, self.projects[0]) for number in listed} - {None}
        agents = [agent for agent in chosen if agent]
        links.change_link(link=self.link, actor=self.boss, agents=agents)

    @rule(place=places, is_paused=seldom)
    def pause(self, place: int, is_paused: bool) -> None:
        (pausing.pause if is_paused else pausing.resume)(
            project=self.projects[place], actor=self.boss
        )

    @rule(place=places, is_refused=seldom)
    def telegram_judges_the_token(self, place: int, is_refused: bool) -> None:
        bot = self.bots[self.projects[place].pk]
        set_state(bot=bot, state="invalid" if is_refused else "ok")

    @rule()
    def all_is_put_right(self) -> None:
        """Everybody is on the team, may do everything, and works always; both projects route."""
        for number in range(len(NAMES)):
            self.change_account(number, is_disabled=False)
            self.joins_the_team(number, place=0)
        for agent in Agent.objects.filter(removed_at=None).order_by("pk"):
            change_agent(agent=agent, actor=self.boss, **RIGHTS)
            set_hours(agent=agent, spans=[], actor=self.boss)
        for project in self.projects:
            change_rules(pool=pool_of(project), actor=self.boss, scope="all")
            set_state(bot=self.bots[project.pk], state="ok")
            pausing.resume(project=project, actor=self.boss)


def acts(agent: Agent, right: str) -> bool:
    """Whether he is still there to make use of his right."""
    return agent.removed_at is None and agent.is_enabled and bool(getattr(agent, right))


def run(examples: int, steps: int) -> str:
    """How much there was to judge."""
    SEEN.clear()
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
    assert SEEN["given"] >= SEEN["steps"] / 4, "hardly anything was routed"
    return f"{SEEN['given']} assignments in {SEEN['steps']} steps"


@pytest.mark.slow(seconds=60)
@pytest.mark.brief
@pytest.mark.timeout(300)
def test_the_rules_hold_over_200_steps(record_property):
    record_property("judged", run(examples=8, steps=25))
    assert SEEN["steps"] >= 200


@pytest.mark.long(seconds=400)
@pytest.mark.timeout(1500)
def test_the_rules_hold_over_2000_steps(record_property):
    record_property("judged", run(examples=80, steps=30))
    record_property("of each kind", of_each_kind())
    assert SEEN["steps"] >= 2000
    assert too_thin() == {}
