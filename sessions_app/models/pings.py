"""Tests of the way: pings to a person's pages, and dry runs from the inbox to the router."""

import uuid

from django.db import models

from accounts.models import User
from bots.models import Bot
from core import clock
from projects.models import Agent


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


class DryRun(models.Model):
    """A marked update goes the way that customers' go, and ends before it becomes anything.

    Written by actions.dry_runs alone. `taken_at`: a worker has taken it out of the inbox;
    `decided_at`: the router has chosen; `agents`: the names of whom it might have gone to, one but
    where ties are drawn; `code`: why nobody was asked.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    bot = models.ForeignKey(Bot, models.CASCADE, related_name="dry_runs")
    asked_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField(default=clock.now)
    taken_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    agents = models.ManyToManyField(Agent, related_name="+")
    code = models.CharField(max_length=20, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["bot", "-asked_at"], name="sessions_dry_runs_of"),
            models.Index(fields=["asked_at"], name="sessions_dry_runs_by_age"),
        ]
