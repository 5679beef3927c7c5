import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from bots.models import Bot
from core import clock
from projects.models import Agent, Project
from redirects.models import Click, Link


class Customer(models.Model):
    """A person as one project knows him from Telegram. The names are Telegram's and change."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="customers")
    telegram_id = models.BigIntegerField()
    first_name = models.CharField(max_length=256, blank=True)
    last_name = models.CharField(max_length=256, blank=True)
    username = models.CharField(max_length=64, blank=True)
    language_code = models.CharField(max_length=35, blank=True)
    first_seen_at = models.DateTimeField(default=clock.now)
    # He has blocked the bot: nothing can be sent until he comes back.
    blocked_at = models.DateTimeField(null=True)
    # By what he came when there was no session to carry it: the next one does (actions/origins.py).
    next_link = models.ForeignKey(Link, models.SET_NULL, null=True, related_name="+")
    next_click = models.ForeignKey(Click, models.SET_NULL, null=True, related_name="+")
    # All that was known of the person is gone, and `telegram_id` is the row's own key below zero,
    # where Telegram has no people. Who writes again is a new customer.
    erased_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        constraints = [
            models.UniqueConstraint(
                fields=["project", "telegram_id"], name="sessions_customer_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        if self.erased_at:
            return str(_("Erased"))
        return " ".join(filter(None, (self.first_name, self.last_name))) or self.username or "?"


class ChatSessionQuerySet(models.QuerySet["ChatSession"]):
    def open(self) -> "ChatSessionQuerySet":
        return self.exclude(state__in=ChatSession.ENDED)

    def waiting(self) -> "ChatSessionQuerySet":
        """The waiting line: oldest first."""
        return self.filter(state=ChatSession.State.UNASSIGNED).order_by("queued_at", "pk")

    def for_page(self) -> "ChatSessionQuerySet":
        return self.select_related("project", "customer", "owner__user", "bot", "link")


class ChatSession(models.Model):
    """One conversation with a customer, from opening to completion.

    The owner is written through actions/ownership.py alone.
    """

    class State(models.TextChoices):
        UNASSIGNED = "unassigned", _("Unassigned")
        ASSIGNED = "assigned", _("Assigned")
        COMPLETED = "completed", _("Completed")
        # With its customer: it counts where it counted, and no page shows it.
        ERASED = "erased", _("Erased")

    ENDED: ClassVar[tuple[str, ...]] = (State.COMPLETED, State.ERASED)

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="sessions")
    bot = models.ForeignKey(Bot, models.CASCADE, related_name="sessions")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="sessions")
    # The project's running number ("#4182"): a label, accepted in no address.
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.UNASSIGNED)
    owner = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="sessions")
    # What brought the customer, where that is known. The link without the click: he came by a ticket
    # that is another person's.
    link = models.ForeignKey(
        Link, models.SET_NULL, null=True, editable=False, related_name="sessions"
    )
    click = models.ForeignKey(
        Click, models.SET_NULL, null=True, editable=False, related_name="sessions"
    )
    # Until then routing gives it to the link's own agents alone. None: it has none, or that is over.
    own_until = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(default=clock.now)
    # The place in the line: kept by automatic release, set anew when put back by hand.
    queued_at = models.DateTimeField(default=clock.now)
    # Start of the present wait; None while owned.
    waiting_since = models.DateTimeField(null=True, default=clock.now)
    assigned_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    # Since when an owner by routing owes his first answer, where the project says "answer within".
    # None: he has answered, or owes none.
    answer_since = models.DateTimeField(null=True)
    # How far it came, for the ledger: the customer's first word beside START, its first owner, the
    # first answer of an agent that has not failed to be sent. What came once stays.
    wrote_at = models.DateTimeField(null=True)
    first_assigned_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    # The sweep saw the owner without a lease at this moment.
    owner_missing_since = models.DateTimeField(null=True)
    # Told to managers: kept although its owner is not there.
    is_flagged = models.BooleanField(default=False)

    # Entries of the timeline so far: the number of the newest.
    message_count = models.PositiveIntegerField(default=0)
    # The newest one that a person wrote, for the list.
    last_message_number = models.PositiveIntegerField(default=0)
    last_message_at = models.DateTimeField(null=True)
    last_message_text = models.CharField(max_length=200, blank=True)
    last_message_direction = models.CharField(max_length=6, blank=True)
    # Messages from the customer so far; a read mark counts in these.
    incoming_count = models.PositiveIntegerField(default=0)
    # The customer's oldest message that nobody has answered yet.
    unanswered_since = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager["ChatSession"]] = ChatSessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        constraints = [
            models.UniqueConstraint(
                fields=["bot", "customer"],
                condition=~Q(state__in=["completed", "erased"]),
                name="sessions_one_open",
            ),
            models.UniqueConstraint(fields=["project", "number"], name="sessions_number_once"),
            models.CheckConstraint(
                condition=Q(state="assigned", owner__isnull=False)
                | Q(state="unassigned", owner__isnull=True)
                | Q(state__in=["completed", "erased"]),
                name="sessions_owner_fits_state",
            ),
        ]
        indexes = [
            models.Index(
                fields=["project", "queued_at", "id"],
                condition=Q(state="unassigned"),
                name="sessions_waiting",
            ),
            models.Index(
                fields=["project", "own_until"],
                condition=Q(state="unassigned", own_until__isnull=False),
                name="sessions_of_own_agents",
            ),
            models.Index(fields=["owner"], condition=Q(state="assigned"), name="sessions_owned"),
            models.Index(
                fields=["project", "owner"], condition=Q(state="assigned"), name="sessions_assigned"
            ),
            models.Index(
                fields=["project", "answer_since"],
                condition=Q(answer_since__isnull=False),
                name="sessions_unanswered",
            ),
            models.Index(
                fields=["project", "-completed_at"],
                condition=Q(state="completed"),
                name="sessions_completed",
            ),
            models.Index(
                fields=["project", "owner", "-completed_at"],
                condition=Q(state="completed"),
                name="sessions_completed_by",
            ),
            models.Index(fields=["customer", "-opened_at"], name="sessions_of_customer"),
            # Somebody has written after the end: sessions_app.queries.completed.
            models.Index(
                fields=["project", "number"],
                condition=Q(state="completed", message_count__gt=0)
                & Q(last_message_number=models.F("message_count")),
                name="sessions_written_after",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.number}"

    @property
    def is_completed(self) -> bool:
        return self.state in self.ENDED


class Assignment(models.Model):
    """One agent's time with one session: why it began and how it ended."""

    class Reason(models.TextChoices):
        ROUTED = "routed", _("routed")
        FORMER = "former", _("former agent")
        CLAIMED = "claimed", _("claimed")
        GIVEN = "given", _("given by hand")
        TRANSFERRED = "transferred", _("transferred")
        REOPENED = "reopened", _("reopened")

    class End(models.TextChoices):
        COMPLETED = "completed", _("completed")
        TRANSFERRED = "transferred", _("transferred")
        PUT_BACK = "put_back", _("put back in line by hand")
        OWNER_VANISHED = "owner_vanished", _("the owner was gone")
        OWNER_SILENT = "owner_silent", _("the owner did not answer in time")
        OWNER_REMOVED = "owner_removed", _("the owner may no longer reply")
        ERASED = "erased", _("the customer was erased")

    session = models.ForeignKey(ChatSession, models.CASCADE, related_name="assignments")
    agent = models.ForeignKey(Agent, models.PROTECT, related_name="assignments")
    reason = models.CharField(max_length=12, choices=Reason.choices)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    attempt = models.ForeignKey(
        "RoutingAttempt", models.SET_NULL, null=True, related_name="assignments"
    )
    note = models.CharField(max_length=500, blank=True)
    started_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True)
    ended_because = models.CharField(max_length=16, choices=End.choices, blank=True)

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        constraints = [
            models.UniqueConstraint(
                fields=["session"], condition=Q(ended_at=None), name="sessions_one_owner"
            ),
        ]
        indexes = [models.Index(fields=["agent", "-started_at"], name="sessions_assigned_to")]


class Judgement(models.Model):
    """What the rules said of each candidate at one moment: one row for all attempts of a batch that
    heard the same, since a hundred verdicts are far more than all the rest of an attempt."""

    # [{"agent": public id, "name", "codes": [{"code", "evidence": {}}]}]; no codes: eligible
    verdicts = models.JSONField(default=list)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["at"], name="sessions_judgement_at")]


class RoutingAttempt(models.Model):
    """One try to route a session: the verdict for each candidate and what came of it.

    Identical outcomes in a row for a waiting session are folded: `at` first, `last_at`, `count`.
    """

    class Outcome(models.TextChoices):
        ASSIGNED = "assigned", _("assigned")
        WAITING = "waiting", _("nobody can receive")

    session = models.ForeignKey(ChatSession, models.CASCADE, related_name="attempts")
    trigger = models.CharField(max_length=30)
    mode = models.CharField(max_length=12)
    scope = models.CharField(max_length=9)
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    # Why nobody at all was asked: no_agents, project_paused, bot_invalid, too_old, ...
    project_code = models.CharField(max_length=20, blank=True)
    agent = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="+")
    judgement = models.ForeignKey(
        Judgement, models.PROTECT, null=True, editable=False, related_name="attempts"
    )
    turn_before = models.BigIntegerField(default=0)
    turn_after = models.BigIntegerField(default=0)
    at = models.DateTimeField(default=clock.now)
    last_at = models.DateTimeField(default=clock.now)
    count = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("routing attempt")
        verbose_name_plural = _("routing attempts")
        indexes = [
            models.Index(fields=["session", "-id"], name="sessions_attempts"),
            models.Index(fields=["at"], name="sessions_attempt_at"),
        ]

    @property
    def verdicts(self) -> list[dict[str, Any]]:
        """The verdict for each candidate, as in Judgement; none if none was asked for."""
        return self.judgement.verdicts if self.judgement else []
