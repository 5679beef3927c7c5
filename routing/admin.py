from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core import tx
from core.admin import ActionForm, CompanyAdmin
from projects.models import Agent
from routing.actions import change_rules
from routing.models import Lease, Pool, Presence, PresenceInterval, ShiftChange, Turn, WorkingSpan


class Seen(forms.IntegerField):
    """The version of the rules that the form was made of: goes with every saving."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        return True


class PoolForm(ActionForm):
    seen = Seen(widget=forms.HiddenInput)

    @classmethod
    def compared(cls) -> set[str]:
        return set()  # by their version

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = self.instance.version


@admin.register(Pool)
class PoolAdmin(CompanyAdmin):
    """Made with its project."""

    company_path = "project__company"
    may_change = True
    form = PoolForm
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
        "answer_within_min",
        "seen",
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
        seen = fields.pop("seen")
        return tx.run(change_rules, pool=row, actor=actor, seen=seen, **fields) if fields else row


@admin.register(Turn)
class TurnAdmin(CompanyAdmin):
    company_path = "pool__project__company"
    list_display = ("agent", "pool", "number")
    list_select_related = ("agent__user", "pool__project")


@admin.register(WorkingSpan)
class WorkingSpanAdmin(CompanyAdmin):
    """Edited as a week, on the agent's page of the console."""

    company_path = "agent__project__company"
    list_display = ("agent", "project", "weekday", "begins", "ends")
    list_select_related = ("agent__user", "agent__project")
    list_filter = ("weekday",)
    search_fields = ("agent__user__name", "agent__user__email")

    @admin.display(description=_("project"), ordering="agent__project__name")
    def project(self, row: WorkingSpan) -> str:
        return row.agent.project.name


@admin.register(ShiftChange)
class ShiftChangeAdmin(CompanyAdmin):
    company_path = "agent__project__company"
    list_display = ("agent", "at")
    list_select_related = ("agent__user",)


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
