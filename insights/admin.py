from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from core.admin import CompanyAdmin
from insights.models import Alarm, AlarmMail, AlarmRules, Answer


@admin.register(Answer)
class AnswerAdmin(CompanyAdmin):
    """What Telegram said when the doctor asked."""

    company_path = "bot__project__company"
    list_display = ("bot", "asked_at", "code", "webhook", "webhook_host", "webhook_pending")
    list_select_related = ("bot",)
    list_filter = ("webhook",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("bot__token")


@admin.register(AlarmRules)
class AlarmRulesAdmin(CompanyAdmin):
    company_path = "project__company"
    list_display = ("project", "nobody_min", "bot_min", "waiting_min", "muted_until")
    list_select_related = ("project",)
    list_filter = ("project",)


@admin.register(Alarm)
class AlarmAdmin(CompanyAdmin):
    company_path = "project__company"
    list_display = ("project", "kind", "began_at", "raised_at", "ended_at")
    list_select_related = ("project",)
    list_filter = ("kind", "project")


@admin.register(AlarmMail)
class AlarmMailAdmin(CompanyAdmin):
    """Who was told, when, and what the mail server said if he was not."""

    company_path = "alarm__project__company"
    list_display = ("alarm", "user", "about", "state", "attempts", "sent_at", "address", "error")
    list_select_related = ("alarm__project", "user")
    list_filter = ("state", "about")
