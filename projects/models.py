"""A project is one bot's customer service: its settings and its ordered team."""

import uuid
from typing import ClassVar
from zoneinfo import available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Company, User
from core import clock

SEND_WITHIN = (10, 86_400)
LIMITS = (1, 1000)


class Project(models.Model):
    class State(models.TextChoices):
        DRAFT = "draft", _("draft: no bot yet")
        ACTIVE = "active", _("active")
        PAUSED = "paused", _("paused")
        BOT_INVALID = "bot_invalid", _("bot token refused")

    class OpenWith(models.TextChoices):
        START = "start", _("START or any message")
        MESSAGE = "message", _("the first message")

    class Uncertain(models.TextChoices):
        HOLD = "hold", _("hold: an agent decides (never twice)")
        RESEND = "resend", _("send again (perhaps twice)")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    company = models.ForeignKey(Company, models.CASCADE, related_name="projects")
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=30)
    remark = models.CharField(_("remark"), max_length=200, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    language = models.CharField(_("language"), max_length=10, default="en")
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    open_with = models.CharField(
        _("a session opens with"), max_length=8, choices=OpenWith.choices, default=OpenWith.START
    )
    uncertain_policy = models.CharField(
        _("when Telegram's answer is lost"),
        max_length=8,
        choices=Uncertain.choices,
        default=Uncertain.HOLD,
    )
    send_within_s = models.PositiveIntegerField(_("send within (seconds)"), default=900)
    keeps_visitor_ips = models.BooleanField(_("record visitors' IP addresses"), default=True)
    # The running number of the project's newest session: a label for people.
    last_session_number = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    archived_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("project")
        verbose_name_plural = _("projects")

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.time_zone not in available_timezones():
            raise ValidationError({"time_zone": _("There is no such time zone.")})
        if self.language not in dict(settings.LANGUAGES):
            raise ValidationError({"language": _("This language is not offered.")})
        if not SEND_WITHIN[0] <= self.send_within_s <= SEND_WITHIN[1]:
            raise ValidationError({"send_within_s": _("This is between 10 seconds and a day.")})

    @property
    def is_routing(self) -> bool:
        return self.state == self.State.ACTIVE and self.archived_at is None


class AgentQuerySet(models.QuerySet["Agent"]):
    def on_team(self) -> "AgentQuerySet":
        """Not removed, in the order of the list."""
        return self.filter(removed_at=None).order_by("position", "pk")

    def with_people(self) -> "AgentQuerySet":
        return self.select_related("user", "project")


class Agent(models.Model):
    """A person on a project's team, at a place in the list, with rights.

    Removing is soft: names and history are kept.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="agents")
    user = models.ForeignKey(User, models.PROTECT, related_name="agents")
    position = models.PositiveIntegerField(_("place in the list"))
    is_enabled = models.BooleanField(_("enabled"), default=True)
    may_reply = models.BooleanField(_("may reply"), default=True)
    may_transfer = models.BooleanField(_("may transfer"), default=True)
    may_see_others = models.BooleanField(_("may see others' sessions"), default=False)
    may_complete = models.BooleanField(_("may complete"), default=True)
    may_delete = models.BooleanField(_("may delete"), default=False)
    may_export = models.BooleanField(_("may export"), default=False)
    # None: no limit.
    session_limit = models.PositiveIntegerField(_("open sessions at most"), null=True, blank=True)
    added_at = models.DateTimeField(default=clock.now, editable=False)
    removed_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar[models.Manager["Agent"]] = AgentQuerySet.as_manager()

    class Meta:
        verbose_name = _("agent")
        verbose_name_plural = _("agents")
        constraints = [
            models.UniqueConstraint(
                fields=["project", "user"],
                condition=Q(removed_at=None),
                name="projects_agent_once",
            ),
        ]

    def __str__(self) -> str:
        return self.user.name

    def clean(self) -> None:
        if self.session_limit is not None and not LIMITS[0] <= self.session_limit <= LIMITS[1]:
            raise ValidationError({"session_limit": _("A limit is between 1 and 1000, or empty.")})
