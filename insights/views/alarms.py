"""The alarms of a project: those that last, those that are over, and who hears of them."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.http import SignedInRequest
from core import clock, tx
from core.pages import page, refused, told
from insights.actions import alarms as actions
from insights.actions import mails
from insights.forms import HOURS, AlarmForm, MuteForm
from insights.models import Alarm, AlarmMail, AlarmRules
from insights.queries.alarms import open_alarms, past_alarms, rules_of, wishes
from projects.models import Project
from projects.queries import access_managed_project
from sessions_app.console import words
from sessions_app.console.shell import show

Row = dict[str, Any]


@page
def alarms(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    project = access_managed_project(request.user, project_id)
    rules = rules_of(project)
    form = AlarmForm(request.POST or None, rules=rules, wishes=wishes(rules))
    if request.method == "POST" and form.is_valid():
        if refused(form, lambda: _save(project, request, form)):
            messages.success(request, _("Saved."))
            return redirect("insights:alarms", project.public_id)
    return show(
        request,
        "alarms.html",
        company=project.company,
        project=project,
        form=form,
        mail_from=settings.DEFAULT_FROM_EMAIL if settings.EMAIL_HOST else "",
        **_now(project),
    )


def _save(project: Project, request: SignedInRequest, form: AlarmForm) -> AlarmRules:
    data = {name: form.cleaned_data[name] for name in actions.MINUTES}
    return tx.run(
        actions.change_rules,
        project=project,
        actor=request.user,
        unmailed=form.unmailed(),
        **data,
    )


@page
def now(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    """What the page fetches again and again."""
    project = access_managed_project(request.user, project_id)
    return render(request, "console/alarms_now.html", {"project": project, **_now(project)})


@page
def bar(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    """What every page of the project's console fetches again and again."""
    project = access_managed_project(request.user, project_id)
    return render(request, "console/alarm_bar.html", {"project": project, **lasting(project)})


@page
@require_POST
def mute(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    project = access_managed_project(request.user, project_id)
    form = MuteForm(request.POST)
    if form.is_valid():
        hours = form.cleaned_data["hours"]
        tx.run(actions.mute, project=project, actor=request.user, hours=hours)
    return redirect("insights:alarms", project.public_id)


@page
@require_POST
def try_mail(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    project = access_managed_project(request.user, project_id)
    with told(request):
        mails.try_out(project=project, user=request.user)
        messages.success(request, _("A mail is on its way to %s.") % request.user.email)
    return redirect("insights:alarms", project.public_id)


# ---------------------------------------------------------------- in words


def lasting(project: Project) -> Row:
    """The alarms that are raised and not over, for the bar."""
    at = clock.now()
    return {"alarms": [_row(alarm, project, at) for alarm in open_alarms(project)]}


def _now(project: Project) -> Row:
    at, rules = clock.now(), rules_of(project)
    return {
        **lasting(project),
        "past": [_row(alarm, project, at) for alarm in past_alarms(project)],
        "hours": [hours for hours in HOURS if hours],
        "muted_until": _muted_until(rules, project, at),
    }


def _muted_until(rules: AlarmRules, project: Project, at: datetime) -> str:
    until = rules.muted_until
    return _time(until, project, at) if until and rules.is_muted(at) else ""


def _row(alarm: Alarm, project: Project, at: datetime) -> Row:
    """`unsent`: what the mail server said last, of those mails that have not left."""
    mails = [_mail(mail, project, at) for mail in alarm.mails.all()]
    stuck = [row["mail"].error for row in mails if row["mail"].is_stuck]
    return {
        "alarm": alarm,
        "since": _time(alarm.began_at, project, at),
        "until": _time(alarm.ended_at, project, at) if alarm.ended_at else "",
        "span": words.span(((alarm.ended_at or at) - alarm.began_at).total_seconds()),
        "mails": mails,
        "unsent": stuck[-1] if stuck else "",
    }


def _mail(mail: AlarmMail, project: Project, at: datetime) -> Row:
    return {"mail": mail, "when": _time(mail.sent_at, project, at) if mail.sent_at else ""}


def _time(at: datetime, project: Project, now: datetime) -> str:
    return words.clock_time(at, now, ZoneInfo(project.time_zone))
