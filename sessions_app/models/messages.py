import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
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
    # The customer's copy is taken back, or is about to be: the text is no longer shown to agents.
    recalled_at = models.DateTimeField(null=True)
    # The latest MessageChange as pages show it ("change" in docs/live-protocol.md).
    change = models.JSONField(null=True)

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


class MessageChange(models.Model):
    """What somebody did to a message that stood already: who, when, and what it was before."""

    class Verb(models.TextChoices):
        RESENT = "resent", _("sent again")
        CONFIRMED = "confirmed", _("said to have arrived")
        EDITED = "edited", _("edited")
        RECALLED = "recalled", _("recalled")

    message = models.ForeignKey(Message, models.CASCADE, related_name="changes")
    # The page's own key: pressed twice it is done once.
    key = models.UUIDField()
    verb = models.CharField(max_length=10, choices=Verb.choices)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=clock.now)
    text_before = models.TextField(blank=True)
    text_after = models.TextField(blank=True)
    delivery_before = models.CharField(max_length=10, choices=OutboundCall.State.choices)
    error_before = models.CharField(max_length=40, blank=True)
    # What carries it to Telegram; empty where nothing had to be changed there.
    calls = models.ManyToManyField(OutboundCall, related_name="changes")

    class Meta:
        verbose_name = _("change of a message")
        verbose_name_plural = _("changes of messages")
        constraints = [
            models.UniqueConstraint(fields=["message", "key"], name="sessions_change_once"),
        ]

    def __str__(self) -> str:
        return self.get_verb_display()


class ReadMark(models.Model):
    """How many of a session's incoming messages an agent has seen."""

    session = models.ForeignKey(ChatSession, models.CASCADE, related_name="read_marks")
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="+")
    seen = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "agent"], name="sessions_read_once"),
        ]
