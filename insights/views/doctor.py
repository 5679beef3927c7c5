"""The doctor's page in the console, and the part of it that renews itself."""

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.http import SignedInRequest
from bots.errors import no_bot
from bots.models import Bot
from core import tx
from core.pages import page, told
from insights import actions
from insights.checks import TEN, examine
from insights.queries import facts
from projects.models import Project
from projects.queries import access_managed_project, managed_projects
from sessions_app.actions import dry_runs
from sessions_app.actions.pings import send_pings
from sessions_app.console.shell import show


@page
def home(request: SignedInRequest) -> HttpResponse:
    """Where the guide leads: to the first project's doctor, as the console leads to its today."""
    for project in managed_projects(request.user):
        return redirect("insights:doctor", project.public_id)
    return redirect("console:home")


@page
def doctor(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    project = access_managed_project(request.user, project_id)
    return show(request, "doctor.html", company=project.company, project=project, **_now(project))


@page
def now(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    """What the page fetches again and again."""
    project = access_managed_project(request.user, project_id)
    return render(request, "console/doctor_now.html", {"project": project, **_now(project)})


@page
@require_POST
def ask(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    """Ask Telegram: a person does it, for a page that renews itself must not."""
    project = access_managed_project(request.user, project_id)
    with told(request):
        bot = Bot.objects.filter(project=project).first()
        if bot is None:
            raise no_bot()
        actions.ask(bot)
    return redirect("insights:doctor", project.public_id)


@page
@require_POST
def ping(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    """Ask the pages of all who are here for a receipt; the third check tells what they answer."""
    project = access_managed_project(request.user, project_id)
    with told(request):
        tx.run(send_pings, project=project, sender=request.user)
        messages.success(request, _("Test pings are sent. The third check says what came back."))
    return redirect("insights:doctor", project.public_id)


@page
@require_POST
def dry_run(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    """Send something marked through inbox, worker and router; the last check tells how it went."""
    project = access_managed_project(request.user, project_id)
    with told(request):
        bot = Bot.objects.filter(project=project).first()
        if bot is None:
            raise no_bot()
        tx.run(dry_runs.ask, bot=bot, asked_by=request.user)
        messages.success(request, _("The dry run is on its way. The last check says how it went."))
    return redirect("insights:doctor", project.public_id)


def _now(project: Project) -> dict[str, Any]:
    """`wall`: when, by the project's clock; `text`: the report to be copied, without names."""
    found = facts(project)
    report, nameless = examine(found), examine(found.without_names())
    return {
        "report": report,
        "ten": report.checks[:TEN],
        "further": report.checks[TEN:],
        "wall": date_format(found.now.astimezone(found.zone), "DAY_YEAR_TIME"),
        "text": json.dumps(nameless.as_json(), ensure_ascii=False, indent=1),
    }
