from typing import Any

from django.core.management.base import CommandParser

from accounts import actions
from accounts.models import Membership
from core import tx
from core.management.answers import AnswerCommand


class Command(AnswerCommand):
    help = "Found a company with its owner; prints both as JSON, a made-up password included."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", required=True, help="of the company")
        parser.add_argument("--email", required=True, help="of its owner, new or known")
        parser.add_argument("--person-name", default="", help="default: from the e-mail address")
        parser.add_argument("--password", help="of a new owner; made up if left out")

    def answer(self, **options: Any) -> dict[str, Any]:
        return tx.run(found, **{name: options[name] for name in OPTIONS})


OPTIONS = ("name", "email", "person_name", "password")


def found(*, name: str, email: str, person_name: str, password: str | None) -> dict[str, Any]:
    with tx.change():
        company = actions.create_company(name=name)
        owner, password = actions.find_or_create_user(
            email=email, name=person_name, password=password
        )
        role = Membership.Role.OWNER
        actions.add_member(company=company, user=owner, role=role, actor=None)
    return {
        "id": company.public_id,
        "name": company.name,
        "owner": {"id": owner.public_id, "name": owner.name, "email": owner.email},
        "password": password,
    }
