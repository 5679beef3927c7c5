"""Test pings: whether what is sent reaches a person's pages, and whether they may show it."""

import uuid

from django.db import models

from accounts.models import User
from core import clock


class Ping(models.Model):
    """All open session pages of a person are asked for an answer. Written by actions.pings alone.

    `pages`: how many were open then. `sender`: who asked, the person himself or a manager.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="pings")
    sender = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    sent_at = models.DateTimeField(default=clock.now)
    pages = models.PositiveSmallIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["user", "-sent_at"], name="sessions_pings_of"),
            models.Index(fields=["sent_at"], name="sessions_pings_by_age"),
        ]


class Receipt(models.Model):
    """What one page answered: how it was then, and whether it has shown a notification.

    Of the pages of one browser one alone shows it.
    """

    ping = models.ForeignKey(Ping, models.CASCADE, related_name="receipts")
    connection_id = models.UUIDField()  # of the page's socket, as its lease's
    at = models.DateTimeField(default=clock.now)
    visible = models.BooleanField()
    notify = models.CharField(max_length=8)  # Notification.permission
    shown = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ping", "connection_id"], name="sessions_receipt_once"),
        ]

    def after_ms(self, ping: Ping) -> int:
        """How long after its ping."""
        return max(0, round((self.at - ping.sent_at).total_seconds() * 1000))
