"""Companies and projects: what there is and what it is called."""

from copy import copy
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.http import SignedInRequest
from accounts.models import Company
from accounts.queries import access_company, managed_companies
from bots.actions import pausing
from bots.models import Bot
from core import tx
from core.pages import page, refused, told
from projects import actions
from projects.models import Project
from projects.queries import access_managed_project, managed_projects
from sessions_app.console.forms import NewProjectForm, SettingsForm
from sessions_app.console.shell import show


@page
def home(request: SignedInRequest) -> HttpResponse:
    """To the first project, or to the company that has none yet; agents to their page."""
    for project in managed_projects(request.user):
        return redirect("console:today", project.public_id)
    for company in managed_companies(request.user).values():
        return redirect("console:company", company.public_id)
    return redirect("sessions:page")


@page
def company(request: SignedInRequest, company_id: UUID) -> HttpResponse:
    here = access_company(request.user, company_id)
    projects = [one for one in managed_projects(request.user) if one.company_id == here.pk]
    by_project = {bot.project_id: bot for bot in Bot.objects.filter(project__in=projects)}
    rows = [(one, by_project.get(one.pk)) for one in projects]
    return show(request, "company.html", company=here, rows=rows)


@page
def new_project(request: SignedInRequest, company_id: UUID) -> HttpResponse:
    here = access_company(request.user, company_id)
    form = NewProjectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        project = refused(form, lambda: _create(here, request, form))
        if project:
            return redirect("console:today", project.public_id)
    return show(
        request, "new_project.html", company=here, form=form, zones=sorted(available_timezones())
    )


def _create(here: Company, request: SignedInRequest, form: NewProjectForm) -> Project:
    return tx.run(actions.create_project, company=here, actor=request.user, **form.cleaned_data)


@page
def settings(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    project = access_managed_project(request.user, project_id)
    form = SettingsForm(request.POST or None, instance=copy(project))  # a form writes into it
    if request.method == "POST" and form.is_valid():
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        if refused(form, lambda: _change(project, request, changes)):
            messages.success(request, _("Saved."))
            return redirect("console:settings", project.public_id)
    return show(
        request,
        "settings.html",
        company=project.company,
        project=project,
        form=form,
        zones=sorted(available_timezones()),
    )


def _change(project: Project, request: SignedInRequest, changes: dict[str, Any]) -> Project:
    if not changes:
        return project
    return tx.run(actions.change_project, project=project, actor=request.user, **changes)


@page
@require_POST
def pause(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    project = access_managed_project(request.user, project_id)
    with told(request):
        tx.run(pausing.pause, project=project, actor=request.user)
    return redirect("console:today", project.public_id)


@page
@require_POST
def resume(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    project = access_managed_project(request.user, project_id)
    with told(request):
        tx.run(pausing.resume, project=project, actor=request.user)
    return redirect("console:today", project.public_id)
