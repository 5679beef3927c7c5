"""A project and its team as pages see them. Every function is constant in queries."""

from collections.abc import Collection, Mapping, Sequence

from django.db.models import Count

from bots.models import Bot
from projects.models import Agent, Project
from routing.choice import Verdict, judge
from routing.models import Pool
from routing.queries import PresenceNow, candidates, presence, project_code, rules_of
from sessions_app import events
from sessions_app.events import Payload
from sessions_app.models import ChatSession


def project_row(project: Project) -> Payload:
    """The row of `project.changed`."""
    pool = pool_of(project)
    agents = team(project)
    return events.project_payload(
        project,
        pool=pool,
        bot=Bot.objects.filter(project=project).first(),
        agents=agents,
        in_scope=in_scope(pool, agents),
        code=project_code(project),
    )


def presence_rows(project: Project, agents: Sequence[Agent] | None = None) -> list[Payload]:
    """The rows of `presence.changed` for the team, or for `agents` (with user loaded)."""
    agents = team(project) if agents is None else agents
    pool = pool_of(project)
    rules = rules_of(pool)
    owned = open_sessions([agent.pk for agent in agents])
    here = presence([agent.user_id for agent in agents])
    seats = candidates(pool, owned, agents, here)
    return standing(agents, here, [judge(seat, rules) for seat in seats])


def standing(
    agents: Sequence[Agent], here: Mapping[int, PresenceNow], verdicts: Sequence[Verdict]
) -> list[Payload]:
    """The rows of `presence.changed` for these agents, each with his verdict, by what is known of
    each person's key."""
    return [
        events.presence_payload(
            agent,
            status=here[agent.user_id].status,
            state=here[agent.user_id].state,
            since=here[agent.user_id].since,
            open_sessions=verdict.candidate.open,
            codes=[failure.as_json() for failure in verdict.failures],
        )
        for agent, verdict in zip(agents, verdicts, strict=True)
    ]


def team(project: Project) -> list[Agent]:
    return list(Agent.objects.filter(project=project).on_team().with_people())


def pool_of(project: Project) -> Pool:
    """The project's routing settings; the defaults, not stored, where there are none yet."""
    pool = Pool.objects.filter(project=project).first() or Pool()
    pool.project = project
    return pool


def in_scope(pool: Pool, agents: Sequence[Agent]) -> set[int]:
    """The keys of those agents to whom the project's sessions may be routed."""
    if pool.scope == Pool.Scope.ALL:
        return {agent.pk for agent in agents}
    return set(pool.specified.values_list("pk", flat=True))


def open_sessions(agent_ids: Collection[int]) -> dict[int, int]:
    """How many sessions each agent's key owns now."""
    owned = ChatSession.objects.filter(state=ChatSession.State.ASSIGNED, owner__in=agent_ids)
    counts = owned.values("owner").annotate(open=Count("pk"))
    return dict(counts.values_list("owner", "open"))
