from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from core import tx
from core.admin import CompanyAdmin
from projects.models import Agent
from routing.actions import change_rules
from routing.models import Lease, Pool, Presence, PresenceInterval, Turn


@admin.register(Pool)
class PoolAdmin(CompanyAdmin):
    """Made with its project."""

    company_path = "project__company"
    may_change = True
    list_display = ("project", "mode", "scope", "returning", "vanished")
    list_select_related = ("project",)
    list_filter = ("mode", "scope")
    search_fields = ("project__name",)
    fields = (
        "project",
        "mode",
        "scope",
        "specified",
        "ties",
        "returning",
        "vanished",
        "hidden_pages_receive",
        "too_old_days",
        "turn",
        "cursor_agent",
    )
    readonly_fields = ("project", "turn", "cursor_agent")

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """The list holds agents of this project alone."""
        form: Any = super().get_form(request, obj, change, **kwargs)
        team = Agent.objects.on_team().with_people().filter(project__pool=obj)
        form.base_fields["specified"].queryset = team
        return form

    def update(self, actor: Any, row: Pool, fields: dict[str, Any]) -> Pool:
        return tx.run(change_rules, pool=row, actor=actor, **fields)


@admin.register(Turn)
class TurnAdmin(CompanyAdmin):
    company_path = "pool__project__company"
    list_display = ("agent", "pool", "number")
    list_select_related = ("agent__user", "pool__project")


@admin.register(Presence)
class PresenceAdmin(CompanyAdmin):
    company_path = "user__memberships__company"
    list_display = ("user", "status", "changed_at")
    list_select_related = ("user",)
    list_filter = ("status",)
    search_fields = ("user__name", "user__email")


@admin.register(Lease)
class LeaseAdmin(CompanyAdmin):
    """Open session pages."""

    company_path = "user__memberships__company"
    list_display = ("user", "opened_at", "expires_at", "visible", "notify", "sound")
    list_select_related = ("user",)


@admin.register(PresenceInterval)
class PresenceIntervalAdmin(CompanyAdmin):
    company_path = "user__memberships__company"
    list_display = ("user", "state", "started_at", "ended_at")
    list_select_related = ("user",)
    list_filter = ("state",)
    date_hierarchy = "started_at"
    search_fields = ("user__name", "user__email")
