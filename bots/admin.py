from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from unfold.widgets import UnfoldAdminPasswordWidget

from bots.actions import bots, pausing
from bots.models import Bot, ChatPause, InboundUpdate, OutboundCall
from bots.queries import trouble
from core import tx
from core.admin import ActionForm, CompanyAdmin

SHOWN = 20_000  # characters of an update


class BotForm(ActionForm):
    """Write only: the token is not in the form's initial values, so it is on no page."""

    new_token = forms.CharField(
        label=_("Token"),
        max_length=100,
        widget=UnfoldAdminPasswordWidget(render_value=False, attrs={"autocomplete": "off"}),
        help_text=_("From @BotFather. It is kept encrypted and never shown again."),
    )

    class Meta:
        model = Bot
        fields = ("project",)


@admin.register(Bot)
class BotAdmin(CompanyAdmin):
    company_path = "project__company"
    may_add = may_change = True
    form = BotForm
    list_display = (
        "username",
        "project",
        "state",
        "mode",
        "last_read_at",
        "last_error",
        "last_error_at",
    )
    list_select_related = ("project",)
    list_filter = ("state", "mode", "project")
    search_fields = ("username", "name")
    actions = ("pause", "resume")
    readonly_fields = (
        "username",
        "name",
        "telegram_id",
        "state",
        "what_to_do",
        "mode",
        "connected_at",
        "last_read_at",
        "last_update_at",
        "last_error",
        "last_error_at",
        "webhook_checked_at",
        "webhook_pending",
        "webhook_error",
        "webhook_error_at",
        "paused_until",
        "lease_holder",
        "lease_expires_at",
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("token")

    @admin.display(description=_("what to do"))
    def what_to_do(self, bot: Bot) -> str:
        named = trouble(bot)
        return f"{named[0]}: {named[1]}" if named else ""

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("project", "new_token", *(self.readonly_fields if obj else ()))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*self.readonly_fields, "project") if obj else ()

    @method_decorator(sensitive_post_parameters("new_token"))
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return super().changeform_view(request, *args, **kwargs)

    def create(self, actor: Any, fields: dict[str, Any]) -> Bot:
        return bots.connect(project=fields["project"], token=fields["new_token"], actor=actor)

    def update(self, actor: Any, row: Bot, fields: dict[str, Any]) -> Bot:
        return bots.connect(project=row.project, token=fields["new_token"], actor=actor)

    @admin.action(description=_("Pause: route nothing"), permissions=["change"])
    def pause(self, request: HttpRequest, rows: QuerySet[Bot]) -> None:
        self._each(request, rows, pausing.pause, _("%(count)d paused."))

    @admin.action(description=_("Resume"), permissions=["change"])
    def resume(self, request: HttpRequest, rows: QuerySet[Bot]) -> None:
        self._each(request, rows, pausing.resume, _("%(count)d resumed."))

    def _each(self, request: HttpRequest, rows: QuerySet[Bot], action: Any, done: Any) -> None:
        def act(bot: Bot) -> None:
            tx.run(action, project=bot.project, actor=request.user)

        self.for_each(request, rows.select_related("project"), act, done)


@admin.register(InboundUpdate)
class InboundUpdateAdmin(CompanyAdmin):
    """What Telegram handed out, as it came."""

    company_path = "bot__project__company"
    list_display = ("update_id", "bot", "state", "received_at", "attempts", "error")
    list_select_related = ("bot",)
    list_filter = ("state", "bot")
    search_fields = ("=update_id",)
    date_hierarchy = "received_at"
    fields = ("bot", "update_id", "state", "received_at", "attempts", "due_at", "error", "content")
    readonly_fields = ("content",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("bot__token")

    @admin.display(description=_("content"))
    def content(self, update: InboundUpdate) -> str:
        return bytes(update.raw).decode("utf-8", "replace")[:SHOWN]


@admin.register(OutboundCall)
class OutboundCallAdmin(CompanyAdmin):
    company_path = "bot__project__company"
    list_display = (
        "id",
        "bot",
        "chat_id",
        "method",
        "state",
        "attempt",
        "created_at",
        "error_code",
    )
    list_select_related = ("bot",)
    list_filter = ("state", "bot")
    search_fields = ("=chat_id",)
    date_hierarchy = "created_at"


@admin.register(ChatPause)
class ChatPauseAdmin(CompanyAdmin):
    company_path = "bot__project__company"
    list_display = ("bot", "chat_id", "until")
    list_select_related = ("bot",)
