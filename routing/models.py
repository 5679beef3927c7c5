"""The routing settings of a project, and who is there. Never reads sessions."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from projects.models import Agent, Project
from routing.hours import Span


class Pool(models.Model):
    """A project's routing settings, and the cursor of its circle.

    Its row is the first lock of everything that writes a session's owner.
    """

    class Mode(models.TextChoices):
        ROUND_ROBIN = "round_robin", _("Round-Robin")
        ONLINE_FIRST = "online_first", _("Online-First")

    class Scope(models.TextChoices):
        ALL = "all", _("All Agents")
        SPECIFIED = "specified", _("Specified Agents")

    class Ties(models.TextChoices):
        LEAST_RECENT = "least_recent", _("the one served longest ago")
        RANDOM = "random", _("random")

    class Returning(models.TextChoices):
        FRESH = "fresh", _("routed anew")
        FORMER = "former", _("the former agent first")

    class Vanished(models.TextChoices):
        RELEASE = "release", _("back to its place in the line")
        KEEP = "keep", _("keep, and tell the managers")

    project = models.OneToOneField(Project, models.CASCADE, related_name="pool")
    mode = models.CharField(
        _("mode"), max_length=12, choices=Mode.choices, default=Mode.ROUND_ROBIN
    )
    scope = models.CharField(_("scope"), max_length=9, choices=Scope.choices, default=Scope.ALL)
    specified = models.ManyToManyField(
        Agent, verbose_name=_("who receives"), blank=True, related_name="+"
    )
    ties = models.CharField(
        _("ties"), max_length=12, choices=Ties.choices, default=Ties.LEAST_RECENT
    )
    returning = models.CharField(
        _("returning customers"),
        max_length=6,
        choices=Returning.choices,
        default=Returning.FRESH,
    )
    vanished = models.CharField(
        _("when the owner vanishes"),
        max_length=7,
        choices=Vanished.choices,
        default=Vanished.RELEASE,
    )
    hidden_pages_receive = models.BooleanField(_("hidden pages receive"), default=True)
    too_old_days = models.PositiveSmallIntegerField(_("waiting longest (days)"), default=7)

    # None: off.
    answer_within_min = models.PositiveSmallIntegerField(
        _("answer within (minutes)"), null=True, blank=True
    )
    # Counts the changes of these rules: who saves what was shown before the last one is told.
    version = models.PositiveIntegerField(default=1, editable=False)

    # The circle's cursor: the agent served last, whom it follows through every reorder. When he
    # leaves the list it goes to the one before him, so that the next is the one after the gap.
    cursor_agent = models.ForeignKey(
        Agent, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    # Automatic assignments so far.
    turn = models.BigIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("routing rules")
        verbose_name_plural = _("routing rules")

    def __str__(self) -> str:
        return str(self.project)


class Turn(models.Model):
    """The pool's turn at which an agent was last served: Online-First's ties."""

    pool = models.ForeignKey(Pool, models.CASCADE, related_name="turns")
    agent = models.OneToOneField(Agent, models.CASCADE, related_name="turn")
    number = models.BigIntegerField()


class WorkingSpan(models.Model):
    """Own working hours: from when to when on each such weekday, on the project's wall clock.

    An agent without any may always receive. One that does not end after it begins ends on the next
    day. Written by actions.set_hours alone.
    """

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="working_spans")
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday.choices)
    begins = models.TimeField(_("from"))
    ends = models.TimeField(_("to"))

    class Meta:
        verbose_name = _("working hours")
        verbose_name_plural = _("working hours")
        constraints = [
            models.UniqueConstraint(
                fields=["agent", "weekday", "begins"], name="routing_span_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agent}, {self.get_weekday_display()} {self.span}"

    @property
    def span(self) -> Span:
        return Span(self.weekday, self.begins, self.ends)


class ShiftChange(models.Model):
    """When an agent's working hours begin or end next, or the day of which they are told: then the
    sweep tells pages, and routes. Only for agents who have working hours."""

    agent = models.OneToOneField(Agent, models.CASCADE, related_name="shift_change")
    at = models.DateTimeField(db_index=True)


class Presence(models.Model):
    """The status a person has chosen, for all projects. Whether he is there is computed when read.

    Its row is the lock of all who change one person's presence.
    """

    class Status(models.TextChoices):
        ONLINE = "online", _("Online")
        AWAY = "away", _("Away")

    user = models.OneToOneField(User, models.CASCADE, related_name="presence")
    status = models.CharField(max_length=6, choices=Status.choices, default=Status.ONLINE)
    changed_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return f"{self.user}, {self.get_status_display()}"


class Lease(models.Model):
    """One open session page: its socket's promise that somebody is there."""

    connection_id = models.UUIDField(default=uuid.uuid4, primary_key=True)
    user = models.ForeignKey(User, models.CASCADE, related_name="leases")
    opened_at = models.DateTimeField(default=clock.now)
    # Since when its person has had a page open without a break, this one or another.
    here_since = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    visible = models.BooleanField(default=True)
    focused = models.BooleanField(default=True)
    notify = models.CharField(max_length=8, default="default")  # Notification.permission
    sound = models.BooleanField(default=False)
    push = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["user", "expires_at"], name="routing_lease_user")]


class PresenceInterval(models.Model):
    """From when to when a person was in one computed state ("who was there at 09:41?")."""

    class State(models.TextChoices):
        OFFLINE = "offline", _("no session page open")
        AWAY = "away", _("away")
        HIDDEN = "hidden", _("online, page hidden")
        ONLINE = "online", _("online")

    user = models.ForeignKey(User, models.CASCADE, related_name="presence_intervals")
    state = models.CharField(max_length=8, choices=State.choices)
    started_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(ended_at=None), name="routing_interval_open"
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-started_at"], name="routing_interval_user"),
            models.Index(fields=["started_at"], name="routing_interval_at"),
        ]
