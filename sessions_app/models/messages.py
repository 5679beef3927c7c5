import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bots.models import Bot, OutboundCall
from core import clock
from projects.models import Agent
from sessions_app.models.sessions import ChatSession


class Message(models.Model):
    """One entry of a session's timeline.

    `number` is the order of arrival, dense per session; the page shows a chat in the order of
    Telegram's `telegram_message_id` where there is one.
    """

    class Direction(models.TextChoices):
        IN = "in", _("from the customer")
        OUT = "out", _("from an agent")
        NOTE = "note", _("note for the team")
        SYSTEM = "system", _("system line")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    session = models.ForeignKey(ChatSession, models.CASCADE, related_name="messages")
    number = models.PositiveIntegerField()
    direction = models.CharField(max_length=6, choices=Direction.choices)
    # "text", or the kind of Telegram's message (photo, voice, ...), or "unreadable" for what was
    # parked, or a system line's code (assigned, released, completed, ...).
    kind = models.CharField(max_length=40, default="text")
    text = models.TextField(blank=True)
    # Telegram's entities (offsets in UTF-16 units) and whatever else the kind needs to be shown.
    data = models.JSONField(default=dict)
    # Telegram's time for what came from it, ours for the rest.
    at = models.DateTimeField(default=clock.now)
    received_at = models.DateTimeField(default=clock.now)
    edited_at = models.DateTimeField(null=True)
    # Earlier versions, oldest first: [{"text", "at"}].
    versions = models.JSONField(default=list)
    author = models.ForeignKey(Agent, models.PROTECT, null=True, related_name="+")
    bot = models.ForeignKey(Bot, models.CASCADE, null=True, related_name="+")
    chat_id = models.BigIntegerField(null=True)
    telegram_message_id = models.BigIntegerField(null=True)
    reply_to_telegram_id = models.BigIntegerField(null=True)
    # The page's own key for what an agent sends: a repeat gives the first result.
    client_key = models.UUIDField(null=True)
    # Derived from the parts' calls, worst first; kept here so that reading is one row.
    delivery = models.CharField(max_length=10, choices=OutboundCall.State.choices, blank=True)
    delivery_error = models.CharField(max_length=40, blank=True)
    delivery_text = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(fields=["session", "number"], name="sessions_message_number"),
            models.UniqueConstraint(
                fields=["bot", "chat_id", "telegram_message_id"],
                condition=Q(direction="in"),
                name="sessions_message_once",
            ),
            models.UniqueConstraint(
                fields=["session", "client_key"],
                condition=Q(client_key__isnull=False),
                name="sessions_message_key",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


class MessagePart(models.Model):
    """Joins a message to one of the calls that send it."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="parts")
    call = models.OneToOneField(OutboundCall, models.CASCADE, related_name="part")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "position"], name="sessions_part_place"),
        ]


class ReadMark(models.Model):
    """How many of a session's incoming messages an agent has seen."""

    session = models.ForeignKey(ChatSession, models.CASCADE, related_name="read_marks")
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="+")
    seen = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "agent"], name="sessions_read_once"),
        ]
