from typing import Any

from django.core.management.base import CommandError, CommandParser

from core import tx
from core.management.answers import AnswerCommand, one_called
from projects.models import Project
from sessions_app.actions.erasure import erase
from sessions_app.models import ChatSession, Customer


class Command(AnswerCommand):
    help = (
        "Erase all that is known of a project's customer, for good; prints what was erased as JSON."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--project", required=True, help="its id, or its name if only one has")
        parser.add_argument("--telegram-id", required=True, type=int, help="the person's")
        parser.add_argument("--yes", action="store_true", help="nothing is erased without it")

    def answer(self, **options: Any) -> dict[str, Any]:
        project = one_called(Project.objects.all(), options["project"])
        asked = {"project": project, "telegram_id": options["telegram_id"]}
        customer = Customer.objects.filter(**asked, erased_at=None).first()
        if customer is None:
            raise CommandError("This project knows no customer with that Telegram id.")
        sessions = ChatSession.objects.filter(customer=customer).count()
        if options["yes"]:
            tx.run(erase, customer=customer, actor=None)
        return {
            "customer": customer.public_id,
            "sessions": sessions,
            "erased": bool(options["yes"]),
        }
