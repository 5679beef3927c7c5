"""What only this app needs to keep."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from bots.models import Bot


class Answer(models.Model):
    """What Telegram said of a bot when the doctor asked it last. Written by actions.ask alone."""

    class Webhook(models.TextChoices):
        NONE = "none", _("none")
        OURS = "ours", _("ours")
        ELSEWHERE = "elsewhere", _("elsewhere")

    bot = models.OneToOneField(Bot, models.CASCADE, primary_key=True, related_name="+")
    asked_at = models.DateTimeField()
    # Empty: all was answered. Else as in bots.actions.asking.Said.
    code = models.CharField(max_length=40, blank=True)
    webhook = models.CharField(max_length=9, choices=Webhook.choices, blank=True)
    webhook_host = models.CharField(max_length=253, blank=True)
    webhook_pending = models.PositiveIntegerField(default=0)
    webhook_error = models.CharField(max_length=300, blank=True)
    is_failing = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("answer of Telegram")
        verbose_name_plural = _("answers of Telegram")

    def __str__(self) -> str:
        return f"{self.bot}, {self.asked_at:%Y-%m-%d %H:%M}"
