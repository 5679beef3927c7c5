"""What managers see of a project at this moment. Bounded in queries, however much waits."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, Q

from bots.models import Bot
from bots.queries import health
from core import clock, tx
from projects.models import Agent, Project
from routing.choice import ONLINE_FIRST, Candidate, Rules, choose, judge
from routing.models import Pool
from routing.queries import candidates, cursor_of, project_code, rules_of
from sessions_app.events import Payload
from sessions_app.models import ChatSession, RoutingAttempt
from sessions_app.queries.line import latest_attempts
from sessions_app.queries.team import open_sessions, pool_of, presence_rows, team

State = ChatSession.State
WAITING = 20


@dataclass(frozen=True)
class Waiting:
    """A session in the line and the latest try to route it in this wait, if there was one."""

    session: ChatSession
    attempt: RoutingAttempt | None


@dataclass(frozen=True)
class Today:
    """A project now. `agents`: presence rows (sessions_app.events). `code`: why the project does
    not route at all, empty if it does. `health`: of the bot (bots.queries.health)."""

    project: Project
    now: datetime
    code: str
    bot: Bot | None
    health: dict[str, Any] | None
    agents: list[Payload]
    waiting: list[Waiting]
    waiting_count: int
    oldest: datetime | None
    open_count: int
    flagged_count: int
    has_sessions: bool

    @property
    def able(self) -> list[Payload]:
        """Who can receive a session now."""
        return [] if self.code else [agent for agent in self.agents if not agent["codes"]]

    @property
    def undelivered(self) -> int:
        """Calls of the last 24 h that were not, or perhaps not, delivered."""
        outbox = self.health["outbox"] if self.health else {}
        return sum(outbox.get(state, 0) for state in ("uncertain", "failed"))

    @property
    def is_stuck(self) -> bool:
        """Sessions wait and nobody can receive them."""
        return self.waiting_count > 0 and not self.able


def today(project: Project) -> Today:
    with tx.snapshot():
        project = Project.objects.get(pk=project.pk)
        bot = Bot.objects.filter(project=project).defer("token").first()
        return Today(
            project=project,
            now=clock.now(),
            code=project_code(project),
            bot=bot,
            health=health(bot) if bot else None,
            agents=presence_rows(project),
            waiting=_line(project),
            has_sessions=ChatSession.objects.filter(project=project).exists(),
            **_counts(project),
        )


def _line(project: Project) -> list[Waiting]:
    rows = ChatSession.objects.filter(project=project).waiting().for_page()
    sessions = list(rows[:WAITING])
    tries = latest_attempts([session.pk for session in sessions])
    return [Waiting(session, _of_this_wait(session, tries)) for session in sessions]


def _of_this_wait(session: ChatSession, tries: dict[int, RoutingAttempt]) -> RoutingAttempt | None:
    attempt, since = tries.get(session.pk), session.waiting_since
    return attempt if attempt and since and attempt.last_at >= since else None


def _counts(project: Project) -> dict[str, Any]:
    waiting, owned = Q(state=State.UNASSIGNED), Q(state=State.ASSIGNED)
    return ChatSession.objects.filter(waiting | owned, project=project).aggregate(
        waiting_count=Count("pk", filter=waiting),
        oldest=Min("waiting_since", filter=waiting),
        open_count=Count("pk", filter=owned),
        flagged_count=Count("pk", filter=owned & Q(is_flagged=True)),
    )


@dataclass(frozen=True)
class Place:
    """An agent's place in the list: `turn` at which he was served last, 0 if never."""

    agent: Agent
    codes: list[Payload]
    open: int
    turn: int
    is_next: bool


def places(project: Project) -> list[Place]:
    """The team in the order of the list, and who would get a new session now.

    More than one is next only where ties are broken at random.
    """
    with tx.snapshot():
        pool, agents = pool_of(project), team(project)
        rules = rules_of(pool)
        found = candidates(pool, open_sessions([agent.pk for agent in agents]), agents)
        chosen = _next(pool, found)
    return [
        Place(
            agent=agent,
            codes=[failure.as_json() for failure in judge(one, rules).failures],
            open=one.open,
            turn=one.last_turn,
            is_next=agent.pk in chosen,
        )
        for agent, one in zip(agents, found, strict=True)
    ]


def _next(pool: Pool, found: list[Candidate]) -> set[int]:
    rules, code = rules_of(pool), project_code(pool.project)
    choice = choose(candidates=found, rules=rules, cursor=cursor_of(pool), project_code=code)
    if choice.agent is None:
        return set()
    return _tied(found, rules) if _is_drawn(rules) else {choice.agent}


def _is_drawn(rules: Rules) -> bool:
    return rules.mode == ONLINE_FIRST and rules.random_ties


def _tied(found: list[Candidate], rules: Rules) -> set[int]:
    able = [one for one in found if judge(one, rules).is_eligible]
    fewest = min(one.open for one in able)
    return {one.agent for one in able if one.open == fewest}
