"""Many redirect links at once: shown before they are made, and all of them as a file."""

from collections.abc import Iterator
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest
from core import clock, sheets, tx
from core.pages import page, refused
from projects.models import Project
from projects.queries import access_managed_project
from redirects.actions.links import create_batch
from redirects.models import Link
from redirects.queries import Counts, counts_of, links_of, state_of
from sessions_app.console.forms.batches import BatchForm
from sessions_app.console.shell import show
from sessions_app.console.views.links import COUNTED, address_of


@page
def new_batch(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    project = access_managed_project(request.user, project_id)
    form = BatchForm(request.POST or None, request.FILES or None, project=project)
    if "confirm" in request.POST and form.is_seen:
        made = refused(form, lambda: _make(request, project, form))
        if made:
            said = ngettext("%d link is made.", "%d links are made.", len(made))
            messages.success(request, said % len(made))
            return redirect("console:batch", project.public_id, made[0].batch)
    if form.is_bound:
        form.show_again()
    return show(request, "new_batch.html", company=project.company, project=project, form=form)


def _make(request: SignedInRequest, project: Project, form: BatchForm) -> list[Link]:
    rows = [line.fields for line in form.lines]
    batch = form.cleaned_data["batch"]
    return tx.run(create_batch, project=project, actor=request.user, batch=batch, rows=rows)


@page
@require_safe
def batch(request: SignedInRequest, project_id: UUID, batch_id: UUID) -> HttpResponse:
    """What was made together, with the addresses to copy."""
    project = access_managed_project(request.user, project_id)
    links = list(Link.objects.kept().filter(project=project, batch=batch_id))[::-1]
    if not links:
        raise Http404
    rows = [(link, address_of(request, link)) for link in links]
    return show(
        request,
        "batch.html",
        company=project.company,
        project=project,
        rows=rows,
        addresses="\n".join(f"{link.name}\t{address}" for link, address in rows),
    )


@page
@require_safe
def file(request: SignedInRequest, project_id: UUID) -> HttpResponseBase:
    """All links of the project that are not archived."""
    project = access_managed_project(request.user, project_id)
    head = [
        *(
            pgettext("of a thing", "name"),
            _("campaign"),
            _("code"),
            _("address"),
            _("state"),
            _("expires"),
            _("note"),
        ),
        *(_("visits in 30 days"), _("starts in 30 days")),
    ]
    return sheets.download(request, "links", head, _lines(request, project))


def _lines(request: SignedInRequest, project: Project) -> Iterator[list[object]]:
    links, now = links_of(project), clock.now()
    counts = counts_of(links, now - COUNTED)
    return (_cells(request, link, counts.get(link.pk, Counts())) for link in links)


def _cells(request: SignedInRequest, link: Link, counts: Counts) -> list[object]:
    return [
        *(link.name, link.campaign, link.code, address_of(request, link)),
        state_of(link, clock.now()).label,
        link.expires_at.isoformat(timespec="minutes") if link.expires_at else "",
        *(link.note, counts.visits, counts.starts),
    ]
