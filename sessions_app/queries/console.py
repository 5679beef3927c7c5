"""What managers see of a project at this moment. Bounded in queries, however much waits."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, Q

from bots.models import Bot
from bots.queries import health
from core import clock, tx
from projects.models import Project
from routing.queries import project_code
from sessions_app.events import Payload
from sessions_app.models import ChatSession, RoutingAttempt
from sessions_app.queries.line import latest_attempts
from sessions_app.queries.team import presence_rows

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
