"""Redirect links, what each click on them said, and whose click it was."""

import re
import secrets
import string
import uuid
from dataclasses import dataclass
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core import clock
from projects.models import Agent, Project
from redirects import capture, reading

ALPHABET = string.digits + string.ascii_letters
CODE_LENGTH = 12
PATIENCE_S = (0, 86_400)
LONGEST = 1000  # of a note, and of a greeting
# 128 bits in the alphabet of Telegram's start parameter.
TICKET_BYTES = 16
# As what we open links ourselves to see whether they work: by its name a robot (redirects.capture), so
# it is led on like everybody and counted as no visit.
CHECKER = "TG-Staff-Check/1 (bot)"
TICKET = re.compile(r"[A-Za-z0-9_-]{22}")


def new_code() -> str:
    """71 bits: nobody finds one by trying."""
    return "".join(secrets.choice(ALPHABET) for _place in range(CODE_LENGTH))


def new_ticket() -> str:
    return secrets.token_urlsafe(TICKET_BYTES)


class LinkQuerySet(models.QuerySet["Link"]):
    def kept(self) -> "LinkQuerySet":
        """Not archived, the newest first."""
        return self.filter(archived_at=None).order_by("-pk")


class Link(models.Model):
    """A short public address that leads into a project's bot. Archived, never deleted."""

    class State(models.TextChoices):
        """What becomes of who opens it now: the first two lead on at once, the others do not."""

        ACTIVE = "active", _("active")
        UNREAD = "bot_unread", _("the bot is not read")
        PAUSED = "paused", _("the project is paused")
        EXPIRED = "expired", _("expired")
        DISABLED = "disabled", _("switched off")
        NO_BOT = "no_bot", _("the project has no bot")
        BOT_INVALID = "bot_invalid", _("the bot's token is refused")

    class Check(models.TextChoices):
        """What was found when its address was opened as a visitor does. The last one says
        something of this installation and nothing of the link."""

        LEADS = "leads", _("leads into the bot")
        NOWHERE = "nowhere", _("shows that it leads nowhere")
        WRONG = "wrong", _("something else answers")
        UNREACHABLE = "unreachable", _("the public address does not answer")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="links")
    code = models.CharField(max_length=16, unique=True, default=new_code, editable=False)
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=60)
    campaign = models.CharField(_("campaign"), max_length=60, blank=True)
    note = models.TextField(_("note"), max_length=LONGEST, blank=True)
    is_enabled = models.BooleanField(_("enabled"), default=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    fallback_url = models.URLField(
        _("way on"), max_length=500, blank=True, validators=[URLValidator(["http", "https"])]
    )
    greeting = models.TextField(_("greeting"), max_length=LONGEST, blank=True)
    agents = models.ManyToManyField(
        Agent, verbose_name=_("own agents"), blank=True, related_name="links"
    )
    patience_s = models.PositiveIntegerField(_("patience (seconds)"), default=60)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    archived_at = models.DateTimeField(null=True, editable=False)
    # Of those that were made together: who sends the same twice has made them once.
    batch = models.UUIDField(null=True, db_index=True, editable=False)
    # The latest look at its address, and when the next one is due (actions/checks.py).
    checked_at = models.DateTimeField(null=True, editable=False)
    check_state = models.CharField(max_length=12, choices=Check.choices, blank=True, editable=False)
    check_detail = models.CharField(max_length=200, blank=True, editable=False)
    check_due_at = models.DateTimeField(default=clock.now, editable=False)
    # Counts the changes: who saves what was shown before the last one is told.
    version = models.PositiveIntegerField(default=1, editable=False)
    # The number of LinksVersion with which this row was last changed: what memory has not seen yet.
    serial = models.BigIntegerField(default=0, editable=False, db_index=True)

    objects: ClassVar[models.Manager["Link"]] = LinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("redirect link")
        verbose_name_plural = _("redirect links")
        indexes = [
            models.Index(
                fields=["check_due_at"],
                condition=Q(is_enabled=True, archived_at=None),
                name="redirects_check_due",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if not self.name.strip():
            raise ValidationError({"name": _("A link has a name, so that people can tell it.")})
        if not PATIENCE_S[0] <= self.patience_s <= PATIENCE_S[1]:
            raise ValidationError({"patience_s": _("This is between 0 seconds and a day.")})
        for name in ("note", "greeting"):
            if len(getattr(self, name)) > LONGEST:
                raise ValidationError({name: _("This has at most %d characters.") % LONGEST})


class LinksVersion(models.Model):
    """One row. Its number rises with each change of links and is held until that is committed, so
    numbers become visible in their order."""

    KEY = 1

    number = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("version of the links")
        verbose_name_plural = _("versions of the links")


class Click(models.Model):
    """Somebody has opened a link. `ticket` went on with him to the bot; the first person whose
    START brings it is `person`, by Telegram's id, and no other ever is."""

    class Kind(models.TextChoices):
        VISIT = capture.VISIT, _("visit")
        HEAD = capture.HEAD, _("only looked whether it is there")
        PREFETCH = capture.PREFETCH, _("loaded ahead")
        ROBOT = capture.ROBOT, _("robot")
        CROWD = capture.CROWD, _("too many from one address")

    ticket = models.CharField(max_length=22, default=new_ticket)
    # Its index is `redirects_click_of_link`.
    link = models.ForeignKey(Link, models.CASCADE, related_name="clicks", db_index=False)
    at = models.DateTimeField(default=clock.now)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.VISIT)
    # The link's, when it was opened.
    state = models.CharField(max_length=12, choices=Link.State.choices, default=Link.State.ACTIVE)

    ip = models.GenericIPAddressField(null=True)
    is_ip_short = models.BooleanField(default=False)  # its last part is gone
    user_agent = models.CharField(max_length=capture.USER_AGENT, blank=True)
    language = models.CharField(max_length=capture.LANGUAGE, blank=True)
    referrer = models.CharField(max_length=capture.REFERRER, blank=True)
    params = models.JSONField(default=list)
    utm = models.JSONField(default=dict)
    is_cut = models.BooleanField(default=False)

    # Read from browser and address afterwards: redirects.reading.
    browser = models.CharField(max_length=reading.LENGTH, blank=True)
    system = models.CharField(max_length=reading.LENGTH, blank=True)
    device = models.CharField(max_length=reading.LENGTH, blank=True)
    country = models.CharField(max_length=2, blank=True)
    is_read = models.BooleanField(default=False)

    person = models.BigIntegerField(null=True)
    started_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("click")
        verbose_name_plural = _("clicks")
        constraints = [
            # With `unique` on the field Django adds a second index on PostgreSQL, for LIKE.
            models.UniqueConstraint(fields=["ticket"], name="redirects_click_ticket"),
        ]
        indexes = [
            models.Index(fields=["link", "at"], name="redirects_click_of_link"),
            models.Index(fields=["at"], name="redirects_click_at"),
            models.Index(
                fields=["at"],
                condition=Q(ip__isnull=False, is_ip_short=False),
                name="redirects_click_full_ip",
            ),
            models.Index(fields=["id"], condition=Q(is_read=False), name="redirects_click_unread"),
        ]

    def __str__(self) -> str:
        return f"{self.link_id}, {self.at}"


@dataclass(frozen=True, slots=True)
class Origin:
    """From where somebody came. `click`: None where the ticket is another person's, or too old."""

    link: Link
    click: Click | None


class EarlyStart(models.Model):
    """A START whose ticket nobody knows yet: its click may still be on its way here.

    `session`: the public id of the session it stands in, or of the customer who has none. No foreign
    key: they stand above.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    ticket = models.CharField(max_length=22)
    person = models.BigIntegerField()
    session = models.UUIDField()
    at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("early start")
        verbose_name_plural = _("early starts")
        constraints = [
            models.UniqueConstraint(fields=["ticket", "person"], name="redirects_early_once"),
        ]
        indexes = [models.Index(fields=["at"], name="redirects_early_at")]

    def __str__(self) -> str:
        return str(self.at)
