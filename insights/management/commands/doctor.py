import json
import sys
import time
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from bots.models import Bot
from core import tx
from core.management.answers import one_called
from insights.actions import ask
from insights.checks import Check, Report, State, examine
from insights.checks.work import PATIENCE
from insights.queries import facts
from projects.models import Project
from sessions_app.actions import dry_runs

FAILED, USELESS = 1, 2
LOOK_SECONDS = 0.3
MARKS = {State.PASS: "ok", State.FAIL: "FAIL", State.UNKNOWN: "?"}


class Command(BaseCommand):
    help = (
        "Ask whether a project's customers would be answered: the ten checks and more, with "
        "evidence and fixes. Exit code 0: nothing failed, 1: a check failed, 2: it could not look."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="its id, or its name if only one has it")
        parser.add_argument(
            "--json", action="store_true", help="as in docs/doctor.md, without people's names"
        )
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="send a marked update through inbox, worker and router first, and wait for it",
        )
        parser.add_argument(
            "--offline", action="store_true", help="do not ask Telegram about the token"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            project = one_called(Project.objects.filter(archived_at=None), options["project"])
            if not options["offline"]:
                _ask(project)
            if options["dry_run"]:
                _try(project)
            found = facts(project)
        except CommandError as error:
            error.returncode = USELESS
            raise
        except DatabaseError as error:
            text = f"The database is not ready: {error}".splitlines()[0]
            raise CommandError(text, returncode=USELESS) from None
        except ImproperlyConfigured as error:  # no key opens the token
            raise CommandError(str(error), returncode=USELESS) from None
        report = examine(found.without_names() if options["json"] else found)
        self.stdout.write(_as_json(report) if options["json"] else _as_text(report))
        if report.failed:
            sys.exit(FAILED)


def _ask(project: Project) -> None:
    bot = Bot.objects.filter(project=project).first()
    if bot:
        ask(bot)


def _try(project: Project) -> None:
    """Wait until the router has answered, or for as long as the check is patient."""
    bot = Bot.objects.filter(project=project).first()
    if bot is None:
        raise CommandError("The project has no bot: nothing can be sent through it.")
    run = tx.run(dry_runs.ask, bot=bot, asked_by=None)
    deadline = time.monotonic() + PATIENCE.total_seconds() + 1
    while run.decided_at is None and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
        run.refresh_from_db()


def _as_json(report: Report) -> str:
    return json.dumps(report.as_json(), ensure_ascii=False, indent=1)


def _as_text(report: Report) -> str:
    now = report.facts.now.astimezone(report.facts.zone)
    lines = [f"{report.facts.project.name}, {now:%Y-%m-%d %H:%M:%S} {now.tzname()}", ""]
    for check in report.checks:
        lines += _told(check)
    counts = report.counts
    lines += ["", f"{counts['pass']} ok, {counts['fail']} failed, {counts['unknown']} unknown"]
    return "\n".join(lines)


def _told(check: Check) -> list[str]:
    number = str(check.number or "")
    return [
        f"{number:>2} {MARKS[check.state]:<5}{check.title}",
        *(f"{'':8}{line}" for line in check.evidence),
        *(f"{'':8}-> {fix.text}{f' {fix.link}' if fix.link else ''}" for fix in check.fixes),
    ]
