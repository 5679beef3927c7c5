"""A person chooses Online or Away. Who is the last in a project to leave is asked first."""

from accounts.models import User
from core import tx
from projects.models import Agent, Project
from routing.actions import lock_pool, lock_presence, set_status
from routing.choice import judge
from routing.models import Pool, Presence
from routing.queries import candidates, project_code, rules_of
from sessions_app import errors
from sessions_app.models import ChatSession
from sessions_app.queries.team import open_sessions, team


def choose_status(*, user: User, status: str, is_confirmed: bool = False) -> None:
    """For all projects. Raises Refusal `invalid`; `last_one`, unless it is confirmed, to who goes
    Away and is the last who can receive in one of them.

    The pools are locked, so that two who leave at the same moment do so one after the other.
    """
    with tx.change():
        if status == Presence.Status.AWAY:
            lock_presence(user.pk)
            deserted = [pool.project for pool in _lock_pools(user) if _is_last(user, pool)]
            if deserted and not is_confirmed:
                raise errors.last_one([(project, _waiting(project)) for project in deserted])
        set_status(user_id=user.pk, status=status)


def _lock_pools(user: User) -> list[Pool]:
    """Of the projects that route to him, in the order of their keys."""
    mine = Agent.objects.filter(user=user, removed_at=None, project__archived_at=None)
    routing = mine.filter(project__state=Project.State.ACTIVE)
    keys = routing.order_by("project").values_list("project", flat=True)
    return [lock_pool(project_id) for project_id in list(keys)]


def _is_last(user: User, pool: Pool) -> bool:
    """Whether he can receive in the project now, and nobody else."""
    if project_code(pool.project):
        return False
    agents, rules = team(pool.project), rules_of(pool)
    counts = open_sessions([agent.pk for agent in agents])
    able = [
        agent
        for agent, candidate in zip(agents, candidates(pool, counts, agents), strict=True)
        if judge(candidate, rules).is_eligible
    ]
    return [agent.user_id for agent in able] == [user.pk]


def _waiting(project: Project) -> int:
    return ChatSession.objects.filter(project=project).waiting().count()
