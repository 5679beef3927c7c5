from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from core.admin import CompanyAdmin
from insights.models import Answer


@admin.register(Answer)
class AnswerAdmin(CompanyAdmin):
    """What Telegram said when the doctor asked."""

    company_path = "bot__project__company"
    list_display = ("bot", "asked_at", "code", "webhook", "webhook_host", "webhook_pending")
    list_select_related = ("bot",)
    list_filter = ("webhook",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("bot__token")
