from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core import tx
from core.admin import CompanyAdmin
from projects import actions
from projects.models import Agent, Project


@admin.register(Project)
class ProjectAdmin(CompanyAdmin):
    company_path = "company"
    may_add = may_change = True
    list_display = ("name", "company", "state", "public_id", "created_at", "archived_at")
    list_select_related = ("company",)
    list_filter = ("state", "company")
    search_fields = ("name", "remark")
    fields = (
        "company",
        "name",
        "remark",
        "time_zone",
        "language",
        "open_with",
        "uncertain_policy",
        "send_within_s",
        "state",
        "public_id",
        "created_at",
        "archived_at",
    )
    readonly_fields = ("state", "public_id", "created_at", "archived_at")
    actions = ("archive",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*self.readonly_fields, "company") if obj else self.readonly_fields

    def create(self, actor: Any, fields: dict[str, Any]) -> Project:
        return tx.run(actions.create_project, actor=actor, **fields)

    def update(self, actor: Any, row: Project, fields: dict[str, Any]) -> Project:
        return tx.run(actions.change_project, project=row, actor=actor, **fields)

    @admin.action(description=_("Archive: keep the history, end the work"), permissions=["change"])
    def archive(self, request: HttpRequest, rows: QuerySet[Project]) -> None:
        actor: Any = request.user

        def act(project: Project) -> None:
            tx.run(actions.archive_project, project=project, actor=actor)

        self.for_each(request, rows, act, _("%(count)d archived."))


@admin.register(Agent)
class AgentAdmin(CompanyAdmin):
    company_path = "project__company"
    may_add = may_change = True
    list_display = (
        "user",
        "project",
        "position",
        "is_enabled",
        "may_reply",
        "session_limit",
        "removed_at",
    )
    list_select_related = ("user", "project")
    list_filter = ("project", "is_enabled")
    search_fields = ("user__name", "user__email")
    fields = (
        "project",
        "user",
        "is_enabled",
        "may_reply",
        "may_transfer",
        "may_see_others",
        "may_complete",
        "may_delete",
        "may_export",
        "session_limit",
        "position",
        "public_id",
        "added_at",
        "removed_at",
    )
    readonly_fields = ("position", "public_id", "added_at", "removed_at")
    actions = ("remove",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("user")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*self.readonly_fields, "project", "user") if obj else self.readonly_fields

    def create(self, actor: Any, fields: dict[str, Any]) -> Agent:
        return tx.run(actions.add_agent, actor=actor, **fields)

    def update(self, actor: Any, row: Agent, fields: dict[str, Any]) -> Agent:
        return tx.run(actions.change_agent, agent=row, actor=actor, **fields)

    @admin.action(description=_("Remove from the team"), permissions=["change"])
    def remove(self, request: HttpRequest, rows: QuerySet[Agent]) -> None:
        actor: Any = request.user

        def act(agent: Agent) -> None:
            tx.run(actions.remove_agent, agent=agent, actor=actor)

        self.for_each(request, rows, act, _("%(count)d removed."))
