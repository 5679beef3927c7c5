"""What only this app needs to keep."""

import uuid
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from bots.models import Bot
from core import clock
from projects.models import Project

# A day: what has lasted longer needs no alarm.
MINUTES = (1, 1440)


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


class AlarmRules(models.Model):
    """When a project's alarms are raised, and who has them by e-mail. No row: the defaults.

    The minutes: how long a trouble lasts before it is one; None: no alarm. Who manages the project
    gets the mails unless he is among `unmailed`.
    """

    project = models.OneToOneField(
        Project, models.CASCADE, primary_key=True, related_name="alarm_rules"
    )
    nobody_min = models.PositiveSmallIntegerField(
        _("nobody can receive (minutes)"), null=True, blank=True, default=5
    )
    bot_min = models.PositiveSmallIntegerField(
        _("the bot is not read (minutes)"), null=True, blank=True, default=2
    )
    waiting_min = models.PositiveSmallIntegerField(
        _("a session waits (minutes)"), null=True, blank=True, default=10
    )
    # Until then no mail leaves; alarms are shown all the same.
    muted_until = models.DateTimeField(null=True, editable=False)
    unmailed = models.ManyToManyField(User, blank=True, editable=False, related_name="+")

    class Meta:
        verbose_name = _("alarm rules")
        verbose_name_plural = _("alarm rules")

    def __str__(self) -> str:
        return str(self.project)

    def clean(self) -> None:
        for name in ("nobody_min", "bot_min", "waiting_min"):
            minutes = getattr(self, name)
            if minutes is not None and not MINUTES[0] <= minutes <= MINUTES[1]:
                raise ValidationError({name: _("This is between a minute and a day, or empty.")})

    def thresholds(self) -> "dict[str, timedelta]":
        """By the kinds of which there are alarms."""
        minutes = {
            Alarm.Kind.NOBODY: self.nobody_min,
            Alarm.Kind.BOT: self.bot_min,
            Alarm.Kind.WAITING: self.waiting_min,
        }
        return {kind.value: timedelta(minutes=m) for kind, m in minutes.items() if m is not None}

    def is_muted(self, now: datetime) -> bool:
        return self.muted_until is not None and self.muted_until > now


class AlarmQuerySet(models.QuerySet["Alarm"]):
    def open(self) -> "AlarmQuerySet":
        """Those whose trouble lasts, raised or not yet."""
        return self.filter(ended_at=None)

    def raised(self) -> "AlarmQuerySet":
        return self.filter(raised_at__isnull=False)


class Alarm(models.Model):
    """A trouble that lasts: one row from when it was first seen until it is over.

    It is an alarm once it is raised; what passes before that is forgotten. Written by
    actions.alarms alone.
    """

    class Kind(models.TextChoices):
        NOBODY = "nobody", _("Nobody can receive")
        BOT = "bot", _("The bot is not read")
        WAITING = "waiting", _("Sessions wait")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="alarms")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()  # it was still so
    raised_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    # As the doctor told it when it was seen last, in each language:
    # {"en": {"evidence": [sentences], "fixes": [{"text", "link"}]}}.
    told = models.JSONField(default=dict)

    objects: ClassVar[models.Manager["Alarm"]] = AlarmQuerySet.as_manager()

    class Meta:
        verbose_name = _("alarm")
        verbose_name_plural = _("alarms")
        constraints = [
            models.UniqueConstraint(
                fields=["project", "kind"], condition=Q(ended_at=None), name="insights_alarm_once"
            ),
        ]
        indexes = [
            models.Index(fields=["project", "-raised_at"], name="insights_alarm_raised"),
            models.Index(fields=["ended_at"], name="insights_alarm_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.project}: {self.get_kind_display()}"

    @property
    def evidence(self) -> list[str]:
        return list(self._words().get("evidence", []))

    @property
    def fixes(self) -> list[dict[str, str]]:
        return list(self._words().get("fixes", []))

    def _words(self) -> dict[str, Any]:
        """In the language that is spoken now; of before there was that language, in another."""
        told: dict[str | None, dict[str, Any]] = self.told
        return told.get(get_language()) or next(iter(told.values()), {})


class AlarmMail(models.Model):
    """One mail to one person about one alarm. The row is the queue; written by actions.mails."""

    class About(models.TextChoices):
        RAISED = "raised", _("raised")
        ENDED = "ended", _("over")

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")
        FAILED = "failed", _("not sent")
        DROPPED = "dropped", _("not needed any more")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    alarm = models.ForeignKey(Alarm, models.CASCADE, related_name="mails")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    about = models.CharField(max_length=6, choices=About.choices)
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    # When it is to be tried next. Whoever takes it to send it moves this on first.
    due_at = models.DateTimeField(default=clock.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    address = models.EmailField(blank=True)  # to which it was sent
    error = models.CharField(max_length=300, blank=True)  # of the last try

    class Meta:
        verbose_name = _("alarm mail")
        verbose_name_plural = _("alarm mails")
        constraints = [
            models.UniqueConstraint(fields=["alarm", "user", "about"], name="insights_mail_once"),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="waiting"), name="insights_mail_due"),
        ]

    def __str__(self) -> str:
        return f"{self.alarm}, {self.user}"

    @property
    def is_stuck(self) -> bool:
        """It was tried, and has not left."""
        return bool(self.error) and self.state in {self.State.WAITING, self.State.FAILED}
