"""Reads worth a name. Projects and agents are reached through `access_*` only."""

from uuid import UUID

from django.db.models import QuerySet

from accounts.models import Membership, User
from projects.errors import no_such_agent, no_such_project
from projects.models import Agent, Project


def projects_of(user: User) -> list[Project]:
    """What the person may see: as manager, as support, or as an agent on the team."""
    return list(_visible(user).order_by("name", "pk"))


def managed_projects(user: User) -> list[Project]:
    return list(_managed(user).order_by("name", "pk"))


def access_project(user: User, public_id: UUID) -> Project:
    """Raises Refusal `not_found`, missing and forbidden alike."""
    return _one(_visible(user), public_id)


def access_managed_project(user: User, public_id: UUID) -> Project:
    """A project of a company that the user manages. Raises Refusal `not_found`."""
    return _one(_managed(user), public_id)


def _one(projects: QuerySet[Project], public_id: UUID) -> Project:
    project = projects.select_related("company").filter(public_id=public_id).first()
    if project is None:
        raise no_such_project()
    return project


def _visible(user: User) -> QuerySet[Project]:
    companies = Membership.objects.enabled().filter(user=user)
    on_team = Agent.objects.on_team().filter(
        user=user, is_enabled=True, project__company__in=companies.values("company")
    )
    return _read(user) | Project.objects.filter(pk__in=on_team.values("project"), archived_at=None)


def _read(user: User) -> QuerySet[Project]:
    roles = [*Membership.MANAGING, Membership.Role.SUPPORT]
    reading = Membership.objects.enabled().filter(user=user, role__in=roles)
    return Project.objects.filter(company__in=reading.values("company"), archived_at=None)


def _managed(user: User) -> QuerySet[Project]:
    managing = Membership.objects.managing().filter(user=user)
    return Project.objects.filter(company__in=managing.values("company"), archived_at=None)


def is_managing(user: User, project: Project) -> bool:
    managing = Membership.objects.managing()
    return managing.filter(user=user, company=project.company_id).exists()


def agent_of(user: User, project: Project) -> Agent | None:
    """The person's own place on the project's team, if he is on it and enabled."""
    members = Membership.objects.enabled().filter(user=user, company=project.company_id)
    if not members.exists():
        return None
    mine = Agent.objects.on_team().with_people()
    return mine.filter(project=project, user=user, is_enabled=True).first()


def team(project: Project) -> list[Agent]:
    """The agents in the order of the list."""
    return list(Agent.objects.on_team().with_people().filter(project=project))


def access_managed_agent(user: User, public_id: UUID) -> Agent:
    """An agent on the team of a project that the user manages. Raises Refusal `not_found`."""
    agents = Agent.objects.on_team().with_people().filter(project__in=_managed(user))
    agent = agents.filter(public_id=public_id).first()
    if agent is None:
        raise no_such_agent()
    return agent
