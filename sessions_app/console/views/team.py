"""The team of a project: its order, and what each agent may do."""

from copy import copy
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.actions import make_welcome_path
from accounts.http import SignedInRequest
from core import clock, tx
from core.pages import page, refused, told
from projects import actions
from projects.models import Agent
from projects.queries import access_managed_agent, access_managed_project
from routing.actions import set_hours
from routing.queries import hours_of, open_pages
from sessions_app.console import words
from sessions_app.console.actions import add_to_team, welcome_path
from sessions_app.console.forms import NewAgentForm, new_order, seen_order
from sessions_app.console.forms.team import HoursForm, RightsForm
from sessions_app.console.shell import show
from sessions_app.queries.rehearsal import Place, places


@page
def team(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    project = access_managed_project(request.user, project_id)
    form = NewAgentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        agent = refused(
            form,
            lambda: tx.run(add_to_team, project=project, actor=request.user, **form.cleaned_data),
        )
        if agent:
            return _welcome(request, agent)
    now, zone = clock.now(), ZoneInfo(project.time_zone)
    team = places(project)
    pages = open_pages([place.agent.user_id for place in team])
    rows = [
        {
            "place": place,
            "state": _state(place, now, zone),
            "look": words.look(place.codes),
            "pages": words.pages(pages[place.agent.user_id]),
        }
        for place in team
    ]
    return show(
        request, "team.html", company=project.company, project=project, form=form, rows=rows
    )


def _state(place: Place, now: Any, zone: ZoneInfo) -> str:
    return words.reasons(place.codes, now, zone) or _("can receive")


def _welcome(request: SignedInRequest, agent: Agent) -> HttpResponse:
    path = tx.run(welcome_path, agent=agent, actor=request.user)
    if path:
        return _show_link(request, agent, path)
    messages.success(request, _("%s is on the team.") % agent.user.name)
    return redirect("console:team", agent.project.public_id)


def _show_link(request: SignedInRequest, agent: Agent, path: str) -> HttpResponse:
    """On this answer alone: who loads the page again does not see it again."""
    return _show_agent(request, "welcome.html", agent, link=request.build_absolute_uri(path))


@page
@require_POST
def order(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    project = access_managed_project(request.user, project_id)
    with told(request):
        wanted, seen = new_order(request.POST), seen_order(request.POST)
        tx.run(
            actions.reorder_agents,
            project=project,
            agent_ids=wanted,
            actor=request.user,
            seen=seen,
        )
    return redirect("console:team", project.public_id)


@page
def agent(request: SignedInRequest, agent_id: UUID) -> HttpResponse:
    here = access_managed_agent(request.user, agent_id)
    form = RightsForm(request.POST or None, instance=copy(here))  # a form writes into it
    if request.method == "POST" and form.is_valid():
        if refused(form, lambda: _change(here, request, form)):
            messages.success(request, _("Saved."))
            return redirect("console:team", here.project.public_id)
        form.is_of_now(RightsForm.shown(access_managed_agent(request.user, agent_id)))
    return _show_agent_form(request, here, form=form)


@page
@require_POST
def hours(request: SignedInRequest, agent_id: UUID) -> HttpResponse:
    """The agent's own working hours; empty: always."""
    here = access_managed_agent(request.user, agent_id)
    form = HoursForm(request.POST)
    if form.is_valid():
        if refused(form, lambda: _set_hours(here, request, form)):
            messages.success(request, _("Saved. The working hours hold from now on."))
            return redirect("console:agent", here.public_id)
        form.is_of_now(HoursForm.shown(hours_of([here.pk]).get(here.pk, [])))
    return _show_agent_form(request, here, hours=form)


def _set_hours(here: Agent, request: SignedInRequest, form: HoursForm) -> Agent:
    seen = form.cleaned_data["seen"]
    return tx.run(set_hours, agent=here, spans=form.spans(), actor=request.user, seen=seen)


def _show_agent_form(
    request: SignedInRequest,
    here: Agent,
    *,
    form: RightsForm | None = None,
    hours: HoursForm | None = None,
) -> HttpResponse:
    project = here.project
    return _show_agent(
        request,
        "agent.html",
        here,
        form=form or RightsForm(instance=copy(here)),
        hours=hours or HoursForm.of(hours_of([here.pk]).get(here.pk, [])),
        # as text: a template would turn it into the server's time
        wall=f"{clock.now().astimezone(ZoneInfo(project.time_zone)):%H:%M}",
    )


def _change(here: Agent, request: SignedInRequest, form: RightsForm) -> Agent:
    changes, seen = form.changes(), form.cleaned_data["seen"]
    if not changes:
        return here
    return tx.run(actions.change_agent, agent=here, actor=request.user, seen=seen, **changes)


def _show_agent(
    request: SignedInRequest, template: str, here: Agent, **context: Any
) -> HttpResponse:
    project = here.project
    return show(request, template, company=project.company, project=project, agent=here, **context)


@page
@require_POST
def link(request: SignedInRequest, agent_id: UUID) -> HttpResponse:
    """A new link to set a password, for somebody who has never set one."""
    here = access_managed_agent(request.user, agent_id)
    company, path = here.project.company, ""
    with told(request):
        path = tx.run(make_welcome_path, user=here.user, company=company, actor=request.user)
    return _show_link(request, here, path) if path else redirect("console:agent", here.public_id)


@page
def remove(request: SignedInRequest, agent_id: UUID) -> HttpResponse:
    here = access_managed_agent(request.user, agent_id)
    if request.method != "POST":
        return _show_agent(request, "remove.html", here)
    with told(request):
        tx.run(actions.remove_agent, agent=here, actor=request.user)
        messages.success(request, _("%s is no longer on the team.") % here.user.name)
    return redirect("console:team", here.project.public_id)
