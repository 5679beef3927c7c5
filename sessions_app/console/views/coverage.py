"""The hours of the week: who would be there, and when customers came while nobody was."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest
from core.pages import page
from projects.models import Project
from projects.queries import access_managed_project
from sessions_app.console.shell import show
from sessions_app.console.words import decimal
from sessions_app.queries import coverage as queries
from sessions_app.queries.coverage import DAYS, HOURS, Hour

WORST = 5
SHADES = 4  # .there-1 to .there-4
# Fewer than this many agents on the average count as nobody.
NOBODY = 0.05

Row = dict[str, Any]


@page
@require_safe
def coverage(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    project = access_managed_project(request.user, project_id)
    return show(request, "coverage.html", company=project.company, project=project, **_now(project))


@page
@require_safe
def now(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    """What the page fetches again and again: the same, without what stands around it."""
    project = access_managed_project(request.user, project_id)
    return render(request, "console/coverage_now.html", {"project": project, **_now(project)})


def _now(project: Project) -> Row:
    found = queries.coverage(project)
    return {
        "coverage": found,
        "days": [(WEEKDAYS_ABBR[day], WEEKDAYS[day]) for day in range(DAYS)],
        "rows": [(f"{hour:02}", [_cell(day[hour]) for day in found.week]) for hour in range(HOURS)],
        "worst": [_gap(hour) for hour in found.gaps[:WORST]],
        "more": max(0, len(found.gaps) - WORST),
    }


def _cell(hour: Hour) -> Row:
    """`text` is what fits into it, `title` the same in words, `look` its class."""
    title = " · ".join(filter(None, (_when(hour), _there(hour), _came(hour))))
    if hour.missed:
        return {"text": f"!{hour.missed}", "title": title, "look": "gap"}
    return {"text": _number(hour.agents), "title": title, "look": _look(hour.agents)}


def _gap(hour: Hour) -> Row:
    return {"when": _when(hour), "came": _came(hour), "there": _there(hour)}


def _when(hour: Hour) -> str:
    return f"{WEEKDAYS[hour.weekday]} {hour.hour:02}:00–{(hour.hour + 1) % HOURS:02}:00"


def _there(hour: Hour) -> str:
    if hour.agents is None:
        return _("not known yet")
    if hour.agents < NOBODY:
        return _("nobody there")
    return _("%s there on the average") % _number(hour.agents)


def _came(hour: Hour) -> str:
    if not hour.came:
        return ""
    came = ngettext("%d session came", "%d sessions came", hour.came) % hour.came
    if not hour.missed:
        return came
    said = ngettext(
        "%(came)s, %(missed)d while nobody was there",
        "%(came)s, %(missed)d while nobody was there",
        hour.missed,
    )
    return said % {"came": came, "missed": hour.missed}


def _number(agents: float | None) -> str:
    """A whole one from ten on; a tenth only where there is one. Nobody and nothing: a dot, a dash."""
    if agents is None:
        return "–"
    if agents < NOBODY:
        return "·"
    rounded = round(agents, 1)
    if agents >= 10 or rounded == int(rounded):
        return f"{agents:.0f}"
    return decimal(agents)


def _look(agents: float | None) -> str:
    """By how many: up to one, two, four, more."""
    if agents is None or agents < NOBODY:
        return "none"
    bounds = (1, 2, 4)
    return f"there-{1 + sum(agents > bound for bound in bounds)}"
