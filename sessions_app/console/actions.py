"""What managers do in one step and lower apps in several."""

from typing import Any

from accounts.actions import add_member, change_member, create_user, make_welcome_path
from accounts.models import Membership, User
from core import tx
from core.errors import Refusal
from projects.actions import add_agent
from projects.models import Agent, Project
from routing.actions import change_rules, lock_pool
from routing.models import Pool
from sessions_app.errors import nobody_left
from sessions_app.queries.rehearsal import meaning


def add_to_team(*, project: Project, email: str, name: str, actor: User | None) -> Agent:
    """Put the person with this address on the team: one of the company, one from outside, who
    becomes a member, or a new one. Raises Refusal `already_on_team` or `email_taken`."""
    with tx.change():
        user = User.objects.filter(email=email.strip().lower()).first()
        user = user or create_user(email=email, name=name)
        _let_in(project, user, actor)
        return add_agent(project=project, user=user, actor=actor)


def _let_in(project: Project, user: User, actor: User | None) -> None:
    member = Membership.objects.filter(company=project.company_id, user=user).first()
    if member is None:
        role = Membership.Role.AGENT
        add_member(company=project.company, user=user, role=role, actor=actor)
    elif not member.is_enabled:
        change_member(membership=member, is_enabled=True, actor=actor)


def welcome_path(*, agent: Agent, actor: User | None) -> str:
    """Where a new person chooses a password; empty for everybody who has one."""
    try:
        return make_welcome_path(user=agent.user, company=agent.project.company, actor=actor)
    except Refusal:
        return ""


def save_rules(
    *, pool: Pool, actor: User | None, seen: int, is_confirmed: bool, changes: dict[str, Any]
) -> Pool:
    """Change the rules (routing.actions.change_rules). Raises Refusal `nobody_left`, unless it is
    confirmed, if they would bar somebody and leave nobody who can receive at this moment."""
    with tx.change():
        now = lock_pool(pool.project_id)
        if seen == now.version and not is_confirmed and meaning(now, changes).is_stop:
            raise nobody_left()
        return change_rules(pool=now, actor=actor, seen=seen, **changes)
