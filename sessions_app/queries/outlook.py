"""Whether those who write now would come to somebody, and who waits: of many projects at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Window
from django.db.models.functions import RowNumber

from projects.models import Agent, Project
from routing.models import Pool
from routing.queries import Standing, standings
from sessions_app.models import ChatSession
from sessions_app.queries.rehearsal import Place
from sessions_app.queries.team import open_sessions


@dataclass(frozen=True)
class Oldest:
    """Who waits longest in a project, since when, and how many wait in all."""

    number: int
    since: datetime
    waiting: int


@dataclass(frozen=True)
class Outlook:
    """`code`: why the project routes nothing at all. `oldest`: None if nobody waits."""

    pool: Pool
    code: str
    places: list[Place]
    oldest: Oldest | None


def outlooks(projects: Sequence[Project]) -> dict[int, Outlook]:
    """By the projects' keys; in as many queries for all of them as for one."""
    pools = _pools(projects)
    agents = Agent.objects.filter(project__in=list(pools)).on_team().with_people()
    people = {agent.pk: agent for agent in agents}
    counts, oldest = open_sessions(people), _oldest(list(pools))
    found = standings(list(pools.values()), counts, list(people.values()))
    return {
        key: Outlook(
            pool=pool,
            code=found[key].project_code,
            places=_places(found[key], people),
            oldest=oldest.get(key),
        )
        for key, pool in pools.items()
    }


def _pools(projects: Sequence[Project]) -> dict[int, Pool]:
    """Each project's; the defaults, not stored, where there are none yet."""
    stored = Pool.objects.filter(project__in=projects).select_related("cursor_agent")
    pools = {pool.project_id: pool for pool in stored}
    for project in projects:
        pools.setdefault(project.pk, Pool()).project = project
    return pools


def _places(standing: Standing, people: dict[int, Agent]) -> list[Place]:
    choice = standing.choice()
    return [
        Place(
            agent=people[verdict.candidate.agent],
            codes=[failure.as_json() for failure in verdict.failures],
            open=verdict.candidate.open,
            turn=verdict.candidate.last_turn,
            is_next=verdict.candidate.agent == choice.agent,
        )
        for verdict in choice.verdicts
    ]


def _oldest(project_ids: Sequence[int]) -> dict[int, Oldest]:
    waiting = ChatSession.objects.filter(project__in=project_ids).waiting()
    ranked = waiting.annotate(
        place=Window(
            RowNumber(), partition_by=F("project"), order_by=[F("waiting_since"), F("pk")]
        ),
        size=Window(Count("pk"), partition_by=F("project")),
    ).filter(place=1)
    rows = ranked.order_by().values_list("project", "number", "waiting_since", "size")
    return {key: Oldest(number, since, size) for key, number, since, size in rows if since}
