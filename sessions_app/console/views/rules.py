"""The routing rules of a project, with the order of the list and who is next."""

from copy import copy
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest
from core import clock, tx
from core.errors import Refusal
from core.pages import page
from projects.queries import access_managed_project
from routing.actions import change_rules
from routing.models import Pool
from sessions_app.console import words
from sessions_app.console.forms import RulesForm
from sessions_app.console.shell import show
from sessions_app.queries.console import places
from sessions_app.queries.team import pool_of

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
    form, problem = RulesForm(request.POST or None, instance=copy(pool)), None
    if request.method == "POST" and form.is_valid():
        changes = form.changes(request.POST)
        problem = _refusal(pool, request, form.cleaned_data["version"], changes)
        if problem is None:
            messages.success(request, _("Saved. The rules hold from now on."))
            return redirect("console:rules", project.public_id)
        # the rules as they are now, with what this manager wants to change
        form = RulesForm(instance=pool_of(project), initial=changes)
    now, zone = clock.now(), ZoneInfo(project.time_zone)
    found = places(project)
    return show(
        request,
        "rules.html",
        company=project.company,
        project=project,
        form=form,
        problem=problem,
        fields=[form[name] for name in PLAIN],
        rows=[(one, words.reasons(one.codes, now, zone), words.look(one.codes)) for one in found],
        next=[one.agent.user.name for one in found if one.is_next],
    )


def _refusal(
    pool: Pool, request: SignedInRequest, seen: int, changes: dict[str, Any]
) -> Refusal | None:
    """Save; why it was refused, if it was."""
    if not changes:
        return None
    try:
        tx.run(change_rules, pool=pool, actor=request.user, seen=seen, **changes)
    except Refusal as refusal:
        return refusal
    return None
