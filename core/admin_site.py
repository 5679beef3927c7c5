"""Who enters the admin, and by which door."""

from collections.abc import Sequence
from typing import Any

from django.core.paginator import InvalidPage
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_noop as _
from unfold.sites import UnfoldAdminSite

# What Unfold's pages say and Django's do not: it brings no catalogues of its own.
OF_UNFOLD = (
    *(_("Light"), _("Dark"), _("System")),
    *(_("True"), _("False"), _("Date")),
    *(_("Type to search"), _("Filters"), _("No results found"), _("Go back")),
    _("This page yielded into no results. Create a new item or reset your filters."),
    *(_("Select value"), _("Select record"), _("Select all rows")),
    *(_("Select action"), _("Select action to run"), _("Run")),
)


def own_companies(request: HttpRequest) -> Sequence[int]:
    """Keys of the companies that the person manages; asked once a request."""
    asked: Any = request
    if not hasattr(asked, "own_companies"):
        asked.own_companies = () if asked.user.is_anonymous else asked.user.managed_company_ids()
    found: Sequence[int] = asked.own_companies
    return found


class CompanySite(UnfoldAdminSite):  # type: ignore[misc]  # Unfold has no types
    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return bool(user.is_active and (user.is_superuser or own_companies(request)))

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """There is one door, with one lock. Who is in already and sent here finds nothing."""
        if request.user.is_authenticated:
            raise Http404
        return redirect(f"{redirect('accounts:sign_in').url}?next=/admin/")

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return redirect("accounts:change_password")

    def search(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        try:
            found: HttpResponse = super().search(request, extra_context)
            return found
        except (ValueError, InvalidPage):  # of `page`, which Unfold takes as it comes
            raise Http404 from None
