from typing import Any

from django.core.management.base import CommandParser

from accounts.models import Company
from bots.actions import bots
from bots.models import Bot
from core import tx
from core.errors import Refusal
from core.management.answers import AnswerCommand, one_called
from projects.actions import archive_project, create_project
from projects.models import Project


class Command(AnswerCommand):
    help = "Create a project, with its bot if a token is given; prints it as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--company", required=True, help="its id, or its name if only one has")
        parser.add_argument("--name", required=True, help="at most 30 characters")
        parser.add_argument("--token", help="the bot's, from @BotFather; asked of Telegram first")
        parser.add_argument("--time-zone", default="UTC")

    def answer(self, **options: Any) -> dict[str, Any]:
        company = one_called(Company.objects.all(), options["company"])
        fields = {"name": options["name"], "time_zone": options["time_zone"]}
        project = tx.run(create_project, company=company, actor=None, **fields)
        bot = connect(project, options["token"]) if options["token"] else None
        project.refresh_from_db()
        return {
            "id": project.public_id,
            "name": project.name,
            "company": company.public_id,
            "state": project.state,
            "bot": {"id": bot.telegram_id, "username": bot.username} if bot else None,
        }


def connect(project: Project, token: str) -> Bot:
    """A project whose bot is refused is not left behind: the same command can be given again."""
    try:
        return bots.connect(project=project, token=token, actor=None)
    except Refusal:
        tx.run(archive_project, project=project, actor=None)
        raise
