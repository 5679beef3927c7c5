"""Anything that people, time and faults can do, in any order: the rules hold at every step.

A state machine over the real actions. Time stands still but for the machine's own steps. Kicks are
kept until a worker runs them, or lost; the sweep is the net. tests/support/judge.py says what was
right.
"""

from datetime import time
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from accounts.actions import set_enabled
from core import clock, tx
from projects.actions import add_agent, change_agent, remove_agent, reorder_agents, set_state
from projects.models import Agent
from redirects.actions import clicks
from redirects.capture import Visit
from routing.actions import (
    beat,
    change_rules,
    close_lease,
    pool_of,
    set_hours,
    set_status,
)
from routing.hours import Span
from routing.models import Pool
from sessions_app.actions import ownership
from sessions_app.actions.messages import reply
from sessions_app.models import ChatSession
from tests.support import judge
from tests.support.machine import NAMES, Ground, numbers
from tests.support.updates import take_in

pytestmark = pytest.mark.django_db

pages = st.fixed_dictionaries({"visible": st.sampled_from([True, True, False])})


class Machine(Ground):
    """What people do."""

    # ---------------------------------------------------------------- customers

    @rule(number=numbers, text=st.sampled_from(["Hello", "/start"]))
    def writes(self, number: int, text: str) -> None:
        person = self.customer(number)
        self.routed(lambda: take_in(person.bot, person.says(text)))

    @rule(number=numbers)
    def writes_too(self, number: int) -> None:
        self.writes(number, "Hello")

    @rule(count=st.integers(3, 8))
    def write_together(self, count: int) -> None:
        bot = self.bots[self.projects[0].pk]
        mine = [one for one in self.customers if one.bot == bot][-count:]
        self.routed(lambda: take_in(bot, *(one.says() for one in mine)))

    @rule(number=numbers)
    def comes_by_the_link(self, number: int) -> None:
        person = self.customer(number)
        click = clicks.NewClick(link_id=self.link.pk, at=clock.now(), visit=Visit(), state="active")
        clicks.store([click])
        self.routed(lambda: take_in(person.bot, person.starts(click.ticket)))

    # ---------------------------------------------------------------- agents and their pages

    @rule(number=numbers, state=pages)
    def opens_a_page(self, number: int, state: dict[str, bool]) -> None:
        self.open_page(self.people[number % len(NAMES)], state)

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
    def completes_one_of_his(self, number: int) -> None:
        self.completes(number, "assigned")

    @rule(number=numbers, state=st.sampled_from(["unassigned", "assigned"]))
    def completes(self, number: int, state: str) -> None:
        session = self.session(number, state)
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

    # ---------------------------------------------------------------- managers change things

    @rule(
        place=st.sampled_from([0, 0, 1]),
        rules=st.fixed_dictionaries(
            {},
            optional={
                "mode": st.sampled_from(Pool.Mode.values),
                "scope": st.sampled_from(["all", "all", "specified"]),
                "ties": st.sampled_from(Pool.Ties.values),
                "returning": st.sampled_from(Pool.Returning.values),
                "vanished": st.sampled_from(Pool.Vanished.values),
                "hidden_pages_receive": st.booleans(),
                "answer_within_min": st.sampled_from([None, 2]),
            },
        ),
        listed=st.none() | st.lists(numbers, min_size=1, max_size=4),
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


def run(examples: int, steps: int) -> str:
    """How much there was to judge."""
    Ground.given = 0
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
    assert Ground.given >= examples, "hardly anything was routed"
    return f"{Ground.given} assignments in {examples * steps} steps"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_rules_hold_over_200_steps(record_property):
    record_property("judged", run(examples=4, steps=50))


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_the_rules_hold_over_2000_steps(record_property):
    record_property("judged", run(examples=20, steps=100))
