"""The bot a project speaks through: connecting it, how it does, and how its updates come in."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from accounts.http import SignedInRequest
from bots.actions import bots, watching, webhooks
from bots.errors import no_bot, no_mode
from bots.models import Bot
from bots.queries import health as bot_health
from core import clock, tx
from core.pages import page, refused, told
from projects.models import Project
from projects.queries import access_managed_project
from sessions_app.console import health
from sessions_app.console.forms import BotForm
from sessions_app.console.shell import show


@page
@sensitive_post_parameters("token")
def bot(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    project = access_managed_project(request.user, project_id)
    form = BotForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        token = form.cleaned_data["token"]
        connected = refused(
            form,
            lambda: tx.run(bots.connect, project=project, token=token, actor=request.user),
        )
        if connected:
            messages.success(request, _("%s is connected.") % connected)
            return redirect("console:today", project.public_id)
    return show(
        request,
        "bot.html",
        company=project.company,
        project=project,
        form=form,
        botfather=f"{settings.TELEGRAM_LINK_BASE}/BotFather",
        **_now(project),
    )


@page
def now(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    """What the page fetches again and again."""
    project = access_managed_project(request.user, project_id)
    return render(request, "console/bot_now.html", {"project": project, **_now(project)})


def _now(project: Project) -> dict[str, Any]:
    present, moment = Bot.objects.filter(project=project).defer("token").first(), clock.now()
    found = bot_health(present) if present else None
    return {
        "bot": present,
        "bot_health": health.of_bot(present, found, moment),
        "facts": health.facts(present, found, moment) if present and found else [],
        "public_url": settings.PUBLIC_URL,
    }


@page
@require_POST
def mode(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    """Webhook or polling. Polling again takes back a bot whose webhook points elsewhere."""
    project = access_managed_project(request.user, project_id)
    wanted = request.POST.get("mode")
    with told(request):
        if wanted not in Bot.Mode.values:
            raise no_mode()
        is_webhook = wanted == Bot.Mode.WEBHOOK
        change = webhooks.use_webhook if is_webhook else webhooks.use_polling
        tx.run(change, bot=_bot_of(project), actor=request.user)
        done = _("Telegram delivers now.") if is_webhook else _("The gateway reads it now.")
        messages.success(request, done)
    return redirect("console:bot", project.public_id)


@page
@require_POST
def check(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    project = access_managed_project(request.user, project_id)
    with told(request):
        watching.check(bot=_bot_of(project))
        messages.success(request, _("Telegram was asked."))
    return redirect("console:bot", project.public_id)


def _bot_of(project: Project) -> Bot:
    found = Bot.objects.filter(project=project).first()
    if found is None:
        raise no_bot()
    return found
