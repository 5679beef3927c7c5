from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core import tx
from core.admin import ActionForm, CompanyAdmin
from projects.models import Agent
from redirects.actions import links
from redirects.models import Click, EarlyStart, Link


class LinkForm(ActionForm):
    fallback_url = forms.URLField(
        label=_("way on"), required=False, max_length=500, assume_scheme="https"
    )


@admin.register(Link)
class LinkAdmin(CompanyAdmin):
    company_path = "project__company"
    may_add = may_change = True
    form = LinkForm
    list_display = ("name", "project", "campaign", "is_enabled", "expires_at", "archived_at")
    list_select_related = ("project",)
    list_filter = ("is_enabled", "project")
    search_fields = ("name", "campaign", "code")
    fields = (
        "project",
        "name",
        "campaign",
        "note",
        "is_enabled",
        "expires_at",
        "fallback_url",
        "greeting",
        "agents",
        "patience_s",
        "code",
        "created_at",
        "archived_at",
    )
    readonly_fields = ("code", "created_at", "archived_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*self.readonly_fields, "project") if obj else self.readonly_fields

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        if obj:
            team = Agent.objects.on_team().with_people().filter(project=obj.project)
            form.base_fields["agents"].queryset = team
        return form

    def create(self, actor: Any, fields: dict[str, Any]) -> Link:
        return tx.run(links.create_link, actor=actor, **fields)

    def update(self, actor: Any, row: Link, fields: dict[str, Any]) -> Link:
        return tx.run(links.change_link, link=row, actor=actor, **fields)


@admin.register(Click)
class ClickAdmin(CompanyAdmin):
    company_path = "link__project__company"
    list_display = ("at", "link", "kind", "state", "country", "browser", "started_at")
    list_select_related = ("link",)
    list_filter = ("kind", "state")
    date_hierarchy = "at"


@admin.register(EarlyStart)
class EarlyStartAdmin(CompanyAdmin):
    company_path = "project__company"
    list_display = ("at", "project")
    list_select_related = ("project",)
