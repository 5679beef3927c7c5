from typing import Any

from django.core.management.base import CommandParser

from accounts.actions import add_member, find_or_create_user
from accounts.models import Membership
from accounts.queries import membership_of
from core import tx
from core.management.answers import AnswerCommand, one_called
from projects.actions import add_agent
from projects.models import Project


class Command(AnswerCommand):
    help = "Put somebody on a project's team; prints them as JSON, a made-up password included."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--project", required=True, help="its id, or its name if only one has")
        parser.add_argument("--email", required=True, help="of a new or a known person")
        parser.add_argument("--name", default="", help="default: from the e-mail address")
        parser.add_argument(
            "--role",
            default=Membership.Role.AGENT,
            choices=Membership.Role.values,
            help="in the company, for who is no member yet; support is put on no team",
        )
        parser.add_argument("--limit", type=int, help="open sessions at most")
        parser.add_argument("--password", help="of a new person; made up if left out")

    def answer(self, **options: Any) -> dict[str, Any]:
        project = one_called(Project.objects.filter(archived_at=None), options["project"])
        return tx.run(put_on_team, project=project, **{name: options[name] for name in OPTIONS})


OPTIONS = ("email", "name", "role", "limit", "password")


def put_on_team(
    *,
    project: Project,
    email: str,
    name: str,
    role: str,
    limit: int | None,
    password: str | None,
) -> dict[str, Any]:
    with tx.change():
        user, password = find_or_create_user(email=email, name=name, password=password)
        member = membership_of(user, project.company) or add_member(
            company=project.company, user=user, role=role, actor=None
        )
        agent = None
        if member.role != Membership.Role.SUPPORT:
            agent = add_agent(project=project, user=user, actor=None, session_limit=limit)
    return {
        "id": agent.public_id if agent else None,
        "name": user.name,
        "email": user.email,
        "role": member.role,
        "project": project.public_id,
        "password": password,
    }
