"""What stands in the admin's sidebar. Everything else is on its first page."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

# For each group its models, in the order of use, each with its icon.
GROUPS = [
    (
        _("Company"),
        {
            "accounts.Company": "apartment",
            "accounts.Membership": "group",
            "accounts.AuditEntry": "history_edu",
        },
    ),
    (
        _("Projects"),
        {
            "projects.Project": "forum",
            "bots.Bot": "smart_toy",
            "projects.Agent": "support_agent",
            "routing.Pool": "alt_route",
            "redirects.Link": "link",
        },
    ),
    (
        _("Customers"),
        {
            "sessions_app.ChatSession": "chat",
            "sessions_app.Message": "sms",
            "sessions_app.MessageChange": "edit_note",
            "sessions_app.Customer": "person",
            "sessions_app.Assignment": "assignment_ind",
            "sessions_app.RoutingAttempt": "rule",
            "redirects.Click": "ads_click",
        },
    ),
    (
        _("Telegram"),
        {"bots.InboundUpdate": "call_received", "bots.OutboundCall": "call_made"},
    ),
    (
        _("Platform"),
        {"accounts.User": "badge", "axes.AccessAttempt": "lock_clock", "core.Tick": "schedule"},
    ),
]


def groups(request: HttpRequest) -> list[dict[str, Any]]:
    """Unfold's navigation: the models whose rows this person may look at."""
    shown = []
    for title, models in GROUPS:
        items = [_item(label, icon) for label, icon in models.items() if _is_open(label, request)]
        if items:
            shown.append({"title": title, "items": items})
    return shown


def _is_open(label: str, request: HttpRequest) -> bool:
    its_admin = admin.site.get_model_admin(apps.get_model(label))
    return bool(its_admin.has_view_permission(request))


def _item(label: str, icon: str) -> dict[str, Any]:
    meta = apps.get_model(label)._meta
    return {
        "title": capfirst(meta.verbose_name_plural),
        "icon": icon,
        "link": reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist"),
    }
