"""A project and its team as pages see them."""

from projects.models import Agent, Project
from routing.models import Pool
from sessions_app import events
from sessions_app.events import Payload


def project_row(project: Project) -> Payload:
    """The row of `project.changed`."""
    pool = pool_of(project)
    agents = team(project)
    return events.project_payload(
        project,
        pool=pool,
        bot=getattr(project, "bot", None),
        agents=agents,
        in_scope=in_scope(pool, agents),
    )


def team(project: Project) -> list[Agent]:
    return list(Agent.objects.filter(project=project).on_team().with_people())


def pool_of(project: Project) -> Pool:
    """The project's routing settings; the defaults, not stored, where there are none yet."""
    return Pool.objects.filter(project=project).first() or Pool(project=project)


def in_scope(pool: Pool, agents: list[Agent]) -> set[int]:
    """The keys of those agents to whom the project's sessions may be routed."""
    if pool.scope == Pool.Scope.ALL:
        return {agent.pk for agent in agents}
    return set(pool.specified.values_list("pk", flat=True))
