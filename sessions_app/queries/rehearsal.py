"""Who would get a session that opens at this moment, by the rules as they are and by other ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core import clock, tx
from projects.models import Agent, Project
from routing.choice import ONLINE_FIRST, Candidate, Choice, Rules, choose
from routing.models import Pool
from routing.queries import candidates, cursor_of, plan_of, project_code
from routing.rehearsal import Plan, leaves_nobody
from sessions_app.events import Payload
from sessions_app.models import ChatSession
from sessions_app.queries.team import open_sessions, pool_of, team


@dataclass(frozen=True)
class Place:
    """An agent's place in the list: `turn` at which he was served last, 0 if never."""

    agent: Agent
    codes: list[Payload]
    open: int
    turn: int
    is_next: bool


@dataclass(frozen=True)
class Now:
    """The team in the order of the list, and who would get a new session now.

    `code`: why nobody is asked at all, empty if they are. `after`: the agent served last, None if
    nobody was yet. More than one is next only where ties are drawn. `waiting`: how many do.
    """

    at: datetime
    rules: Rules
    code: str
    places: list[Place]
    after: Agent | None
    waiting: int

    @property
    def next(self) -> list[Place]:
        return [place for place in self.places if place.is_next]

    @property
    def able(self) -> list[Place]:
        return [place for place in self.places if not place.codes]


@dataclass(frozen=True)
class Meaning:
    """What changed rules would mean now: `before` by the rules as they are, `after` by the others.

    `is_stop`: they bar somebody, and nobody is left who could receive.
    """

    before: Now
    after: Now
    is_stop: bool


def places(project: Project) -> list[Place]:
    return rehearse(project).places


def rehearse(project: Project) -> Now:
    with tx.snapshot():
        pool = pool_of(project)
        return _Look(pool).now(plan_of(pool, {}))


def meaning(pool: Pool, changes: Mapping[str, Any]) -> Meaning:
    """What these changes of the rules would mean, as actions.change_rules takes them."""
    with tx.snapshot():
        look = _Look(pool)
        before, after = plan_of(pool, {}), plan_of(pool, changes)
    is_stop = leaves_nobody(look.choice(before), look.choice(after))
    return Meaning(look.now(before), look.now(after), is_stop)


class _Look:
    """What is read once, whatever the rules."""

    def __init__(self, pool: Pool) -> None:
        self.at = clock.now()
        self.agents = team(pool.project)
        counts = open_sessions([agent.pk for agent in self.agents])
        self.found = candidates(pool, counts, self.agents)
        self.cursor, self.after = cursor_of(pool), pool.cursor_agent
        self.code = project_code(pool.project)
        self.waiting = ChatSession.objects.filter(project=pool.project_id).waiting().count()

    def choice(self, plan: Plan) -> Choice:
        return choose(
            candidates=plan.seat(self.found),
            rules=plan.rules,
            cursor=self.cursor,
            project_code=self.code,
        )

    def now(self, plan: Plan) -> Now:
        choice = self.choice(plan)
        chosen = _chosen(choice, plan.rules)
        agents = {agent.pk: agent for agent in self.agents}
        places = [
            Place(
                agent=agents[verdict.candidate.agent],
                codes=[failure.as_json() for failure in verdict.failures],
                open=verdict.candidate.open,
                turn=verdict.candidate.last_turn,
                is_next=verdict.candidate.agent in chosen,
            )
            for verdict in choice.verdicts
        ]
        return Now(self.at, plan.rules, choice.code, places, self.after, self.waiting)


def _chosen(choice: Choice, rules: Rules) -> set[int]:
    """The agents, of whom one would get it: all in the draw where ties are drawn."""
    if choice.agent is None:
        return set()
    if rules.mode != ONLINE_FIRST or not rules.random_ties:
        return {choice.agent}
    able = [verdict.candidate for verdict in choice.verdicts if verdict.is_eligible]
    return {one.agent for one in _fewest(able)}


def _fewest(able: Sequence[Candidate]) -> list[Candidate]:
    fewest = min(one.open for one in able)
    return [one for one in able if one.open == fewest]
