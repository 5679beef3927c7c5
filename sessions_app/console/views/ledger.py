"""The link ledger: what became of those who opened a project's links."""

from collections.abc import Iterable, Iterator
from dataclasses import astuple
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest
from core import sheets
from core.errors import Refusal
from core.pages import page
from projects.models import Project
from projects.queries import access_managed_project
from redirects.models import Link
from sessions_app.console import journey
from sessions_app.console.forms.ledger import BY, CAMPAIGN, DAY, LINK, PeriodForm
from sessions_app.console.shell import show
from sessions_app.queries.ledger import Ledger, Period, Tally, ledger, total

SHORTCUTS = (7, 30, 90, 365)

# What a row of the table is about, and its figures.
Row = tuple[Any, Tally]


@page
@require_safe
def shown(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    project = access_managed_project(request.user, project_id)
    form = PeriodForm(request.GET, project)
    period, by = form.period, form.grouping
    found = ledger(project, period)
    return show(
        request,
        "ledger.html",
        company=project.company,
        project=project,
        form=form,
        period=period,
        tabs=[(name, title, _query(period, name), name == by) for name, title in BY.items()],
        shortcuts=[(days, _query(_lately(form, days), by)) for days in SHORTCUTS],
        query=_query(period, by),
        by=by,
        rows=[(what, tally, journey.worst(tally)) for what, tally in rows(project, found, form)],
        meanings=journey.meanings(),
        **told(found, period),
    )


def told(found: Ledger, period: Period) -> dict[str, Any]:
    """What the drawings need."""
    whole = total(found.values())
    return {
        "whole": whole,
        "steps": journey.steps(whole),
        "drawing": journey.drawing(_by_day(found, period)),
    }


def _query(period: Period, by: str) -> str:
    return urlencode({"first": period.first, "last": period.last, "by": by})


def _lately(form: PeriodForm, days: int) -> Period:
    return Period(form.today - timedelta(days=days - 1), form.today, form.zone)


def rows(project: Project, found: Ledger, form: PeriodForm) -> list[Row]:
    """By link and campaign the most visited first, by day the newest. Archived links count."""
    if form.grouping == DAY:
        return list(_by_day(found, form.period).items())[::-1]
    links = {link.pk: link for link in Link.objects.filter(project=project)}
    if form.grouping == CAMPAIGN:
        of = {key: link.campaign for key, link in links.items()}
        return _most_first(_summed((of[key], tally) for (key, _day), tally in found.items()))
    return _most_first(_summed((links[key], tally) for (key, _day), tally in found.items()))


def _by_day(found: Ledger, period: Period) -> dict[date, Tally]:
    days = _summed((day, tally) for (_key, day), tally in found.items())
    return {day: days.get(day, Tally()) for day in period.days}


def _summed(rows: Iterable[Row]) -> dict[Any, Tally]:
    groups: dict[Any, list[Tally]] = {}
    for what, tally in rows:
        groups.setdefault(what, []).append(tally)
    return {what: total(tallies) for what, tallies in groups.items()}


def _most_first(sums: dict[Any, Tally]) -> list[Row]:
    return sorted(sums.items(), key=lambda row: (-row[1].visits, str(row[0])))


@page
@require_safe
def file(request: SignedInRequest, project_id: UUID) -> HttpResponseBase:
    """The table as CSV, with every loss in a column of its own."""
    project = access_managed_project(request.user, project_id)
    form = PeriodForm(request.GET, project)
    if not form.is_valid():
        raise Refusal(
            "invalid", " ".join(str(text) for texts in form.errors.values() for text in texts)
        )
    period, by = form.period, form.grouping
    return sheets.download(
        request,
        f"ledger-{by}-{period.first}-{period.last}",
        [*HEADS[by](), *journey.heads()],
        _lines(rows(project, ledger(project, period), form)),
    )


HEADS = {
    LINK: lambda: [_("link"), _("campaign"), _("code")],
    CAMPAIGN: lambda: [_("campaign")],
    DAY: lambda: [_("day")],
}


def _lines(rows: Iterable[Row]) -> Iterator[list[object]]:
    for what, tally in rows:
        name = [what.name, what.campaign, what.code] if isinstance(what, Link) else [what]
        yield [*name, *astuple(tally)]
