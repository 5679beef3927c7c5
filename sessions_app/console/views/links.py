"""Redirect links of a project: the table, the editor, and a code to print."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import segno
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.http import SignedInRequest
from core import clock, tx
from core.pages import page, refused
from projects.models import Project
from projects.queries import access_managed_project
from redirects.actions.checks import check, request_checks
from redirects.actions.links import archive_link, change_link, create_link
from redirects.models import Link
from redirects.queries import (
    Counts,
    access_managed_link,
    counts_of,
    is_ending,
    latest_clicks,
    links_of,
    missed,
    state_of,
)
from sessions_app.console import words
from sessions_app.console.forms.ledger import PeriodForm
from sessions_app.console.forms.links import LinkForm
from sessions_app.console.shell import show
from sessions_app.console.views.ledger import told
from sessions_app.queries.ledger import ledger

State = Link.State
LOOKS = {
    State.ACTIVE: "good",
    State.UNREAD: "bad",
    State.PAUSED: "warn",
    State.NO_BOT: "bad",
    State.BOT_INVALID: "bad",
}
CHECKED = {Link.Check.LEADS: "good", Link.Check.NOWHERE: "warn", Link.Check.WRONG: "bad"}
COUNTED = timedelta(days=30)
SHOWN = 10
# Of the code's smallest square, in pixels: 20 mm and more when it is printed.
SCALE = 12
TYPES = {"svg": "image/svg+xml", "png": "image/png"}


@page
def links(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    project = access_managed_project(request.user, project_id)
    found, now = links_of(project), clock.now()
    counts = counts_of(found, now - COUNTED)
    rows = [
        {
            "link": link,
            "address": address_of(request, link),
            "counts": counts.get(link.pk, Counts()),
            **standing(link, now),
        }
        for link in found
    ]
    late = missed(found, now)
    return show(
        request,
        "links.html",
        company=project.company,
        project=project,
        rows=rows,
        ending=[link for link in found if is_ending(link, now)],
        missed=[(link, late[link.pk]) for link in found if link.pk in late],
        public_url=settings.PUBLIC_URL,
    )


def standing(link: Link, now: datetime) -> dict[str, Any]:
    state = state_of(link, now)
    return {
        "state": state.label,
        "look": LOOKS.get(state, ""),
        "is_ending": is_ending(link, now),
        "check": words.link_check(link, now),
        "check_look": CHECKED.get(Link.Check(link.check_state)) if link.check_state else "",
    }


def address_of(request: SignedInRequest, link: Link) -> str:
    path = reverse("redirects:follow", args=[link.code])
    return (
        f"{settings.PUBLIC_URL}{path}" if settings.PUBLIC_URL else request.build_absolute_uri(path)
    )


@contextmanager
def _by_the_clock_of(project: Project) -> Iterator[None]:
    """Moments in forms are times of day of the project."""
    with timezone.override(ZoneInfo(project.time_zone)):
        yield


@page
def new_link(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    project = access_managed_project(request.user, project_id)
    with _by_the_clock_of(project):
        form = LinkForm(request.POST or None, instance=Link(project=project))
        if request.method == "POST" and form.is_valid():
            link = refused(
                form,
                lambda: tx.run(
                    create_link, project=project, actor=request.user, **form.fields_of_new()
                ),
            )
            if link:
                messages.success(request, _("The link is there. Copy its address, or its code."))
                return redirect("console:link_editor", link.public_id)
        return show(request, "new_link.html", company=project.company, project=project, form=form)


@page
def link(request: SignedInRequest, link_id: UUID) -> HttpResponse:
    here = access_managed_link(request.user, link_id)
    with _by_the_clock_of(here.project):
        form = LinkForm(request.POST or None, instance=copy(here))
        if request.method == "POST" and form.is_valid():
            if refused(form, lambda: _change(request, here, form)):
                messages.success(request, _("Saved."))
                return redirect("console:link_editor", here.public_id)
        return _show_editor(request, here, form)


def _change(request: SignedInRequest, here: Link, form: LinkForm) -> Link:
    seen, changes = form.cleaned_data["version"], form.changes()
    if not changes:
        return here
    return tx.run(change_link, link=here, actor=request.user, seen=seen, **changes)


def _show_editor(request: SignedInRequest, here: Link, form: LinkForm) -> HttpResponse:
    now, period = clock.now(), PeriodForm({}, here.project).period
    return show(
        request,
        "link.html",
        company=here.project.company,
        project=here.project,
        link=here,
        public_url=settings.PUBLIC_URL,
        notice=words.privacy_notice(
            click_days=settings.CLICK_DAYS,
            ip_days=settings.CLICK_IP_DAYS,
            keeps_ips=settings.CLICK_IPS and here.project.keeps_visitor_ips,
        ),
        form=form,
        address=address_of(request, here),
        period=period,
        **told(ledger(here.project, period, here), period),
        clicks=latest_clicks(here, SHOWN),
        **standing(here, now),
    )


@page
@require_POST
def check_all(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    """Have all enabled links opened, one after the other, by a worker."""
    project = access_managed_project(request.user, project_id)
    if settings.PUBLIC_URL:
        tx.run(request_checks, project)
        messages.success(
            request, _("Each enabled link is being opened. Load this page again in some seconds.")
        )
    else:
        messages.error(request, words.no_public_url())
    return redirect("console:links", project.public_id)


@page
@require_POST
def check_one(request: SignedInRequest, link_id: UUID) -> HttpResponse:
    """Open it now; the person waits for some seconds at most."""
    here = access_managed_link(request.user, link_id)
    if settings.PUBLIC_URL:
        check(here)
    else:
        messages.error(request, words.no_public_url())
    return redirect("console:link_editor", here.public_id)


@page
@require_POST
def archive(request: SignedInRequest, link_id: UUID) -> HttpResponse:
    here = access_managed_link(request.user, link_id)
    tx.run(archive_link, link=here, actor=request.user)
    messages.success(request, _("“%s” is archived: its address leads nowhere now.") % here.name)
    return redirect("console:links", here.project.public_id)


@page
@require_safe
def qr(request: SignedInRequest, link_id: UUID, kind: str) -> HttpResponse:
    """The address as a QR code, to be looked at or, with `?save`, kept as a file."""
    here = access_managed_link(request.user, link_id)
    if kind not in TYPES:
        raise Http404
    file = io.BytesIO()
    # 15 % of it may be missing: a poster has folds
    segno.make_qr(address_of(request, here), error="m").save(file, kind=kind, scale=SCALE, border=4)
    answer = HttpResponse(file.getvalue(), content_type=TYPES[kind])
    if "save" in request.GET:
        answer["Content-Disposition"] = f'attachment; filename="{here.code}.{kind}"'
    return answer
