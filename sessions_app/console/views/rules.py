"""The routing rules of a project, who is next by them, and what other ones would mean."""

from copy import copy
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest
from core import tx
from core.errors import Refusal
from core.pages import page
from projects.models import Project
from projects.queries import access_managed_project
from routing.models import Pool
from sessions_app.console import rehearsal, words
from sessions_app.console.actions import save_rules
from sessions_app.console.forms import RulesForm
from sessions_app.console.shell import show
from sessions_app.queries.rehearsal import Now, meaning, rehearse
from sessions_app.queries.replay import review
from sessions_app.queries.team import pool_of

Row = dict[str, Any]

# What the form's buttons ask for. The page asks by itself to LOOK while somebody fills it in.
SAVE, CONFIRM, REHEARSE, LOOK = "save", "confirm", "rehearse", "look"

# the fields that the page shows one after the other, as they are
PLAIN = (
    "ties",
    "returning",
    "vanished",
    "hidden_pages_receive",
    "too_old_days",
    "answer_within_min",
)


@page
def rules(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    project = access_managed_project(request.user, project_id)
    pool = pool_of(project)
    form = RulesForm(request.POST or None, instance=copy(pool))
    does = request.POST.get("do", SAVE)
    context: Row = {}
    if request.method == "POST" and form.is_valid():
        changes = form.changes(request.POST)
        if does in (REHEARSE, LOOK):
            context = _rehearsed(pool, changes, with_days=does == REHEARSE)
        else:
            problem = _refusal(pool, request, form.cleaned_data["version"], changes, does)
            if problem is None:
                messages.success(request, _("Saved. The rules hold from now on."))
                return redirect("console:rules", project.public_id)
            pool = pool_of(project)
            context = {"problem": problem} | _rehearsed(pool, changes, with_days=False)
            if problem.code == "changed_meanwhile":
                # the rules as they are now, with what this manager wants to change
                form = RulesForm(instance=pool, initial=changes)
    if does == LOOK:
        return render(request, "console/meaning.html", context | {"form": form})
    return show(
        request,
        "rules.html",
        company=project.company,
        project=project,
        form=form,
        fields=[form[name] for name in PLAIN],
        **_answer(rehearse(project), project),
        **context,
    )


@page
def now(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    """What the page fetches again and again: who would get a session now."""
    project = access_managed_project(request.user, project_id)
    context = {"project": project, **_answer(rehearse(project), project)}
    return render(request, "console/rules_now.html", context)


def _refusal(
    pool: Pool, request: SignedInRequest, seen: int, changes: Row, does: str
) -> Refusal | None:
    """Save; why it was refused, if it was."""
    if not changes:
        return None
    try:
        tx.run(
            save_rules,
            pool=pool,
            actor=request.user,
            seen=seen,
            is_confirmed=does == CONFIRM,
            changes=changes,
        )
    except Refusal as refusal:
        return refusal
    return None


def _answer(now: Now, project: Project) -> Row:
    """Who would get a session now and why, and what keeps each of the others from it."""
    zone = ZoneInfo(project.time_zone)
    rows = [
        {
            "place": place,
            "reasons": words.reasons(place.codes, now.at, zone),
            "look": words.look(place.codes),
            "fixes": rehearsal.of_agent(place.agent, place.codes),
        }
        for place in now.places
    ]
    return {
        "rows": rows,
        "next": [place.agent.user.name for place in now.next],
        "why": rehearsal.why(now),
        "fix": rehearsal.of_project(now.code, project),
    }


def _rehearsed(pool: Pool, changes: Row, *, with_days: bool) -> Row:
    """What the changed rules would mean now and, if asked for, for the last days."""
    zone = ZoneInfo(pool.project.time_zone)
    found: Row = {"is_rehearsed": True}
    if changes:
        found["meaning"] = rehearsal.told(meaning(pool, changes), zone)
    if with_days:
        found["review"] = review(pool, changes)
    return found
