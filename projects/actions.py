"""Every change of projects and their teams."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.utils.translation import gettext as _

from accounts.actions import record_audit
from accounts.models import Company, Membership, User
from core import clock, tx
from core.validation import validate
from projects.errors import (
    agent_changed,
    already_on_team,
    no_such_agent,
    not_a_member,
    order_changed,
    other_order,
)
from projects.models import Agent, Project
from projects.ports import agents_changed, project_changed

SETTINGS = frozenset(
    {
        "name",
        "remark",
        "time_zone",
        "language",
        "open_with",
        "uncertain_policy",
        "send_within_s",
        "keeps_visitor_ips",
    }
)
RIGHTS = frozenset(
    {
        "may_reply",
        "may_transfer",
        "may_see_others",
        "may_complete",
        "may_delete",
        "may_export",
        "session_limit",
        "is_enabled",
    }
)


def create_project(*, company: Company, name: str, actor: User | None, **settings: Any) -> Project:
    """A draft; it becomes active when a bot is connected. Raises Refusal `invalid`."""
    _refuse_unknown(settings, SETTINGS)
    project = Project(company=company, name=name.strip(), **settings)
    validate(project)
    with tx.change():
        project.save()
        _audit(project, actor, "project.created", **settings)
        project_changed(project.pk)
        return project


def change_project(*, project: Project, actor: User | None, **settings: Any) -> Project:
    _refuse_unknown(settings, SETTINGS)
    with tx.change():
        (project,) = tx.lock(Project.objects.filter(pk=project.pk))
        for name, value in settings.items():
            setattr(project, name, value)
        validate(project, settings)
        project.save(update_fields=list(settings))
        _audit(project, actor, "project.changed", **settings)
        project_changed(project.pk)
        return project


def set_state(*, project: Project, state: str, actor: User | None = None) -> None:
    """Draft, active, paused or bot_invalid; nothing happens if it is so already."""
    with tx.change():
        changed = Project.objects.filter(pk=project.pk).exclude(state=state).update(state=state)
        project.state = state
        if changed:
            _audit(project, actor, "project.state", state=state)
            project_changed(project.pk)


def archive_project(*, project: Project, actor: User | None) -> None:
    """Soft: names and history are kept, nothing is routed any more."""
    with tx.change():
        Project.objects.filter(pk=project.pk).update(archived_at=clock.now())
        _audit(project, actor, "project.archived")
        agents_changed(_team_ids(project))
        project_changed(project.pk)


def add_agent(*, project: Project, user: User, actor: User | None, **rights: Any) -> Agent:
    """Put a member of the company at the end of the list.

    Raises Refusal `already_on_team` or `not_a_member`.
    """
    _refuse_unknown(rights, RIGHTS)
    with tx.change():
        list(tx.lock(Project.objects.filter(pk=project.pk)))
        members = Membership.objects.filter(company=project.company_id, user=user)
        if not members.exists():
            raise not_a_member()
        position = Agent.objects.on_team().filter(project=project).count()
        agent = _insert_agent(project=project, user=user, position=position, **rights)
        _audit_agent(agent, actor, "agent.added", **rights)
        agents_changed([agent.pk])
        return agent


def _insert_agent(**fields: Any) -> Agent:
    agent = Agent(**fields)
    validate(agent, RIGHTS)
    try:
        with tx.change():
            agent.save()
            return agent
    except IntegrityError:
        raise already_on_team() from None


def change_agent(
    *, agent: Agent, actor: User | None, seen: Mapping[str, Any] | None = None, **rights: Any
) -> Agent:
    """`seen`: rights as the actor had them before his eyes. Raises Refusal `changed_meanwhile` if one
    of these is another by now."""
    _refuse_unknown(rights, RIGHTS)
    with tx.change():
        agent = _lock_agent(agent)
        _refuse_older(agent, seen or {})
        for name, value in rights.items():
            setattr(agent, name, value)
        validate(agent, rights)
        agent.save(update_fields=list(rights))
        _audit_agent(agent, actor, "agent.changed", **rights)
        agents_changed([agent.pk])
        return agent


def _refuse_older(agent: Agent, seen: Mapping[str, Any]) -> None:
    changed = [name for name, value in seen.items() if getattr(agent, name) != value]
    if changed:
        raise agent_changed("; ".join(_in_words(agent, name) for name in changed))


def _in_words(agent: Agent, name: str) -> str:
    value = getattr(agent, name)
    if value is None or isinstance(value, bool):
        value = _("on") if value else _("off")
    field: Any = Agent._meta.get_field(name)
    return f"{field.verbose_name}: {value}"


def remove_agent(*, agent: Agent, actor: User | None) -> None:
    """Soft: his name and history stay. The list closes up behind him."""
    with tx.change():
        agent = _lock_agent(agent)
        agent.removed_at = clock.now()
        agent.save(update_fields=["removed_at"])
        _close_up(agent.project)
        _audit_agent(agent, actor, "agent.removed")
        agents_changed([agent.pk])


def _lock_agent(agent: Agent) -> Agent:
    for locked in tx.lock(Agent.objects.on_team().with_people().filter(pk=agent.pk)):
        return locked
    raise no_such_agent()


def _close_up(project: Project) -> None:
    for position, agent in enumerate(Agent.objects.on_team().filter(project=project)):
        if agent.position != position:
            Agent.objects.filter(pk=agent.pk).update(position=position)


def reorder_agents(
    *,
    project: Project,
    agent_ids: list[UUID],
    actor: User | None,
    seen: list[UUID] | None = None,
) -> None:
    """`agent_ids`: all public ids of the team, in the new order; `seen`: in the order that the
    actor had before his eyes. Raises Refusal `other_order`, `changed_meanwhile`."""
    with tx.change():
        locked = sorted(tx.lock(_on_team(project)), key=lambda agent: (agent.position, agent.pk))
        agents = {agent.public_id: agent for agent in locked}
        if sorted(agent_ids) != sorted(agents):
            raise other_order()
        if seen is not None and seen != list(agents):
            raise order_changed(_names(locked))
        for position, public_id in enumerate(agent_ids):
            agents[public_id].position = position
        Agent.objects.bulk_update(agents.values(), ["position"])
        _audit(project, actor, "team.reordered", order=[str(one) for one in agent_ids])
        agents_changed([agent.pk for agent in agents.values()])


def _names(agents: list[Agent]) -> str:
    people = User.objects.in_bulk([agent.user_id for agent in agents])
    return ", ".join(people[agent.user_id].name for agent in agents)


def _on_team(project: Project) -> Any:
    return Agent.objects.on_team().filter(project=project)


def _team_ids(project: Project) -> list[int]:
    return list(_on_team(project).values_list("pk", flat=True))


def _refuse_unknown(fields: dict[str, Any], known: frozenset[str]) -> None:
    unknown = fields.keys() - known
    if unknown:
        raise TypeError(f"not to be set here: {', '.join(sorted(unknown))}")


def _audit(project: Project, actor: User | None, verb: str, **data: Any) -> None:
    record_audit(company=project.company, actor=actor, verb=verb, target=project.name, data=data)


def _audit_agent(agent: Agent, actor: User | None, verb: str, **data: Any) -> None:
    _audit(agent.project, actor, verb, agent=agent.user.name, **data)
