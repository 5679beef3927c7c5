from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from core import tx
from core.admin import CompanyAdmin
from projects.models import Agent
from sessions_app.actions import changes, ownership
from sessions_app.models import (
    Assignment,
    ChatSession,
    Customer,
    Message,
    MessageChange,
    MessagePart,
    ReadMark,
    RoutingAttempt,
)


@admin.register(Customer)
class CustomerAdmin(CompanyAdmin):
    company_path = "project__company"
    list_display = ("name", "username", "project", "language_code", "first_seen_at", "blocked_at")
    list_select_related = ("project",)
    list_filter = ("project",)
    search_fields = ("first_name", "last_name", "username", "=telegram_id")


class AssignForm(forms.Form):
    agent = forms.ModelChoiceField(
        label=_("To"), queryset=Agent.objects.none(), widget=UnfoldAdminSelectWidget
    )

    def __init__(self, rows: QuerySet[ChatSession], data: Any = None) -> None:
        """Agents of the project, if the sessions chosen are all of one."""
        super().__init__(data)
        agents: Any = self.fields["agent"]
        projects = list(rows.order_by("project").values_list("project", flat=True).distinct()[:2])
        if len(projects) == 1:
            agents.queryset = Agent.objects.on_team().with_people().filter(project__in=projects)


@admin.register(ChatSession)
class ChatSessionAdmin(CompanyAdmin):
    """Read only: owners change by the actions, through the gate."""

    company_path = "project__company"
    list_display = ("number", "project", "customer", "state", "owner", "opened_at", "is_flagged")
    list_select_related = ("project", "customer", "owner__user")
    list_filter = ("state", "is_flagged", "project")
    search_fields = ("=number", "customer__first_name", "customer__last_name", "customer__username")
    date_hierarchy = "opened_at"
    actions = ("assign", "release", "complete")

    @admin.action(description=_("Assign to an agent"), permissions=["view"])
    def assign(self, request: HttpRequest, rows: QuerySet[ChatSession]) -> HttpResponse | None:
        form = AssignForm(rows, request.POST if "agent" in request.POST else None)
        if not form.is_valid():
            return self._ask(request, rows, form)
        to = form.cleaned_data["agent"]
        self._each(request, rows, ownership.transfer, _("%(count)d assigned."), to=to)
        return None

    def _ask(
        self, request: HttpRequest, rows: QuerySet[ChatSession], form: AssignForm
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Assign to an agent"),
            "opts": self.model._meta,
            "form": form,
            "rows": rows,
        }
        return TemplateResponse(request, "sessions_app/admin_assign.html", context)

    @admin.action(description=_("Put back in line"), permissions=["view"])
    def release(self, request: HttpRequest, rows: QuerySet[ChatSession]) -> None:
        self._each(request, rows, ownership.put_back, _("%(count)d put back in line."))

    @admin.action(description=_("Complete"), permissions=["view"])
    def complete(self, request: HttpRequest, rows: QuerySet[ChatSession]) -> None:
        self._each(request, rows, ownership.complete, _("%(count)d completed."))

    def _each(
        self, request: HttpRequest, rows: QuerySet[Any], action: Any, done: Any, **how: Any
    ) -> None:
        def act(session: ChatSession) -> None:
            tx.run(action, session=session, actor=request.user, **how)

        self.for_each(request, rows.order_by("pk"), act, done)


@admin.register(Message)
class MessageAdmin(CompanyAdmin):
    company_path = "session__project__company"
    list_display = ("session", "number", "direction", "kind", "text_start", "at", "delivery")
    list_select_related = ("session",)
    list_filter = ("direction", "delivery")
    search_fields = ("=session__number",)
    date_hierarchy = "at"
    actions = ("resend", "confirm", "recall")

    @admin.display(description=_("text"))
    def text_start(self, message: Message) -> str:
        return message.text[:80]

    @admin.action(description=_("Send again what is missing"), permissions=["view"])
    def resend(self, request: HttpRequest, rows: QuerySet[Message]) -> None:
        self._each(request, rows, changes.resend, _("%(count)d queued to be sent again."))

    @admin.action(description=_("It arrived"), permissions=["view"])
    def confirm(self, request: HttpRequest, rows: QuerySet[Message]) -> None:
        self._each(request, rows, changes.confirm, _("%(count)d noted as arrived."))

    @admin.action(description=_("Recall"), permissions=["view"])
    def recall(self, request: HttpRequest, rows: QuerySet[Message]) -> None:
        self._each(request, rows, changes.recall, _("%(count)d recalled."))

    def _each(self, request: HttpRequest, rows: QuerySet[Message], action: Any, done: Any) -> None:
        def act(message: Message) -> None:
            session, actor = message.session, request.user
            tx.run(action, session=session, actor=actor, message=message, key=uuid4())

        self.for_each(request, rows.select_related("session").order_by("pk"), act, done)


@admin.register(MessageChange)
class MessageChangeAdmin(CompanyAdmin):
    company_path = "message__session__project__company"
    list_display = ("message", "verb", "by", "at", "delivery_before", "error_before")
    list_select_related = ("message", "by")
    list_filter = ("verb",)
    date_hierarchy = "at"
    exclude = ("calls",)  # of hundreds of thousands; they are found by their chat


@admin.register(MessagePart)
class MessagePartAdmin(CompanyAdmin):
    company_path = "message__session__project__company"
    list_display = ("message_id", "position", "call_id")


@admin.register(ReadMark)
class ReadMarkAdmin(CompanyAdmin):
    company_path = "session__project__company"
    list_display = ("session", "agent", "seen")
    list_select_related = ("session", "agent__user")


@admin.register(Assignment)
class AssignmentAdmin(CompanyAdmin):
    company_path = "session__project__company"
    list_display = ("session", "agent", "reason", "by", "started_at", "ended_at", "ended_because")
    list_select_related = ("session", "agent__user", "by")
    list_filter = ("reason", "ended_because")
    search_fields = ("=session__number", "agent__user__name")
    date_hierarchy = "started_at"


@admin.register(RoutingAttempt)
class RoutingAttemptAdmin(CompanyAdmin):
    company_path = "session__project__company"
    list_display = ("session", "outcome", "agent", "project_code", "trigger", "at", "count")
    readonly_fields = ("verdicts",)
    list_select_related = ("session", "agent__user")
    list_filter = ("outcome", "mode", "scope")
    search_fields = ("=session__number",)
    date_hierarchy = "at"
