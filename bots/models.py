"""A project's Telegram bot, what came in from it and what goes out to it."""

import hashlib
import hmac
import uuid
from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import clock
from core.fields import EncryptedTextField
from projects.models import Project

# What Telegram is asked for, the same everywhere: it remembers the latest list for each bot.
ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")


class Bot(models.Model):
    """One bot belongs to one project, matched by the bot's Telegram id and not by its token.

    The lease says which gateway reads it now; `lease_epoch` grows with every new holder, so that a
    frozen one that wakes up can be told from the present one.
    """

    class Mode(models.TextChoices):
        POLLING = "polling", _("polling")
        WEBHOOK = "webhook", _("webhook")

    class State(models.TextChoices):
        OK = "ok", _("working")
        INVALID = "invalid", _("token refused by Telegram")
        CONFLICT = "conflict", _("another program reads this bot")
        ELSEWHERE = "elsewhere", _("its webhook points elsewhere")
        FAILING = "failing", _("Telegram cannot deliver to us")
        DEAF = "deaf", _("nothing has been read for too long")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.OneToOneField(Project, models.CASCADE, related_name="bot")
    telegram_id = models.BigIntegerField(unique=True)
    username = models.CharField(max_length=64)
    name = models.CharField(max_length=128, blank=True)
    token = EncryptedTextField()
    mode = models.CharField(max_length=8, choices=Mode.choices, default=Mode.POLLING)
    state = models.CharField(max_length=12, choices=State.choices, default=State.OK)

    # The next offset for getUpdates: one more than the newest update that is committed here.
    next_offset = models.BigIntegerField(default=0)
    lease_holder = models.CharField(max_length=80, blank=True)
    lease_epoch = models.BigIntegerField(default=0)
    lease_expires_at = models.DateTimeField(null=True)

    # Telegram last answered a read or delivered, or said that all is well with the webhook.
    last_read_at = models.DateTimeField(null=True)
    last_update_at = models.DateTimeField(null=True)  # it last had something for us
    last_error = models.CharField(max_length=300, blank=True)
    last_error_at = models.DateTimeField(null=True)
    # 429 for the whole bot: nothing is sent before this moment.
    paused_until = models.DateTimeField(null=True)
    connected_at = models.DateTimeField(default=clock.now)

    # What getWebhookInfo said when it was last asked.
    webhook_checked_at = models.DateTimeField(null=True)
    webhook_pending = models.PositiveIntegerField(default=0)
    webhook_error = models.CharField(max_length=300, blank=True)
    webhook_error_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("bot")
        verbose_name_plural = _("bots")

    def __str__(self) -> str:
        return f"@{self.username}"

    def is_new(self, moment: datetime) -> bool:
        """Whether Telegram will count it among the new ones: it has not been heard of lately."""
        return self.last_read_at is None or self.last_read_at < moment - timedelta(hours=1)


class Webhook(models.Model):
    """One address that Telegram was asked to deliver a bot's updates to, with its secret.

    Each set-up makes a new one. The older ones are answered until the new one is in use and a
    little longer, because deliveries are on their way meanwhile.
    """

    bot = models.ForeignKey(Bot, models.CASCADE, related_name="webhooks")
    # What is looked for: the key itself is kept encrypted, for a copy of the table tells nobody
    # where to knock.
    digest = models.CharField(max_length=64, unique=True)
    key = EncryptedTextField()
    secret = EncryptedTextField()
    created_at = models.DateTimeField(default=clock.now)
    confirmed_at = models.DateTimeField(null=True)  # Telegram has said that it uses this one
    ends_at = models.DateTimeField(null=True)  # another one took its place

    @staticmethod
    def digest_of(key: str) -> str:
        return hashlib.sha256(key.encode(errors="replace")).hexdigest()

    def admits(self, secret: str) -> bool:
        """Whether it is ours, in constant time. Bytes: with other than ASCII text would raise."""
        return hmac.compare_digest(secret.encode(errors="replace"), self.secret.encode())


class Holder(models.Model):
    """A gateway that is alive, with bots or without: all have the same share of them."""

    name = models.CharField(max_length=80, primary_key=True)
    expires_at = models.DateTimeField()


class Inbox(models.Model):
    """What a drain locks. Not the bot's own row: reads are stored and leases renewed meanwhile."""

    bot = models.OneToOneField(Bot, models.CASCADE, primary_key=True, related_name="inbox")


class InboundUpdate(models.Model):
    """One update as Telegram sent it, stored before it is confirmed.

    Raw bytes: PostgreSQL refuses NUL and lone surrogates in text and jsonb.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        DONE = "done", _("done")
        PARKED = "parked", _("parked")

    bot = models.ForeignKey(Bot, models.CASCADE, related_name="updates")
    update_id = models.BigIntegerField()
    raw = models.BinaryField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    received_at = models.DateTimeField(default=clock.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=clock.now)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = _("inbound update")
        verbose_name_plural = _("inbound updates")
        constraints = [
            models.UniqueConstraint(fields=["bot", "update_id"], name="bots_update_once"),
        ]
        indexes = [
            models.Index(
                fields=["bot", "update_id"], condition=Q(state="pending"), name="bots_update_due"
            ),
            models.Index(fields=["received_at"], name="bots_update_received"),
            models.Index(
                fields=["received_at"], condition=Q(state="parked"), name="bots_update_parked"
            ),
        ]

    def __str__(self) -> str:
        return str(self.update_id)


class OutboundCallQuerySet(models.QuerySet["OutboundCall"]):
    def open(self) -> "OutboundCallQuerySet":
        return self.filter(state__in=OutboundCall.OPEN)


class OutboundCall(models.Model):
    """One Bot API call that is to be made. Knows no message.

    At most once per decision: it is committed as `sending` before the call is made, and a call
    whose outcome is not known becomes `uncertain`, never silently sent again.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENDING = "sending", _("sending")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")
        UNCERTAIN = "uncertain", _("uncertain")

    OPEN: ClassVar[tuple[str, ...]] = (State.QUEUED, State.SENDING)

    bot = models.ForeignKey(Bot, models.CASCADE, related_name="calls")
    chat_id = models.BigIntegerField()
    # Calls of one chat leave in the order of their keys. Calls of one `batch` (the parts of one
    # message) stop at the first that is not sent; other batches pass it.
    batch = models.UUIDField(default=uuid.uuid4)
    position = models.PositiveSmallIntegerField(default=0)
    method = models.CharField(max_length=40)
    params = models.JSONField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=clock.now)
    send_before = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now)
    sent_at = models.DateTimeField(null=True)
    # The lease epoch of the gateway that took it, so an old one cannot write its outcome.
    epoch = models.BigIntegerField(null=True)
    error_code = models.CharField(max_length=40, blank=True)
    error_text = models.CharField(max_length=500, blank=True)
    telegram_message_id = models.BigIntegerField(null=True)

    objects: ClassVar[models.Manager["OutboundCall"]] = OutboundCallQuerySet.as_manager()

    class Meta:
        verbose_name = _("outbound call")
        verbose_name_plural = _("outbound calls")
        indexes = [
            models.Index(
                fields=["bot", "chat_id", "id"],
                condition=Q(state__in=["queued", "sending"]),
                name="bots_call_open",
            ),
            models.Index(fields=["created_at"], name="bots_call_created"),
            models.Index(
                fields=["created_at"],
                condition=Q(state__in=["failed", "uncertain"]),
                name="bots_call_unsuccessful",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.pk}"


class ChatPause(models.Model):
    """A chat that Telegram asked us to leave alone until a moment (429)."""

    bot = models.ForeignKey(Bot, models.CASCADE, related_name="pauses")
    chat_id = models.BigIntegerField()
    until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bot", "chat_id"], name="bots_pause_once"),
        ]
