"""Alarms as people see them, and who has them by e-mail."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Prefetch

from accounts.models import Membership, User
from insights.models import Alarm, AlarmMail, AlarmRules
from projects.models import Project

HISTORY = 50


@dataclass(frozen=True)
class Wish:
    """Somebody who manages the project, and whether he wants its mails."""

    user: User
    is_mailed: bool


def rules_of(project: Project) -> AlarmRules:
    """The defaults, not stored, where nobody has changed them."""
    stored = AlarmRules.objects.filter(project=project).first()
    return stored or AlarmRules(project=project)


def managers(project: Project) -> list[User]:
    managing = Membership.objects.managing().filter(company=project.company_id)
    return list(User.objects.filter(pk__in=managing.values("user")).order_by("name", "pk"))


def wishes(rules: AlarmRules) -> list[Wish]:
    unmailed = set(
        AlarmRules.unmailed.through.objects.filter(alarmrules_id=rules.project_id).values_list(
            "user_id", flat=True
        )
    )
    return [Wish(user, user.pk not in unmailed) for user in managers(rules.project)]


def mailed(rules: AlarmRules) -> list[User]:
    """Who manages the project and wants its mails."""
    return [wish.user for wish in wishes(rules) if wish.is_mailed]


def is_mailed(mail: AlarmMail) -> bool:
    """Whether the person still manages the project and wants its mails."""
    project = mail.alarm.project
    return project.archived_at is None and mail.user in mailed(rules_of(project))


def open_alarms(project: Project) -> list[Alarm]:
    """Raised and not over, the oldest first, with their mails."""
    rows = Alarm.objects.filter(project=project).open().raised().order_by("raised_at", "pk")
    return list(rows.prefetch_related(_mails()))


def past_alarms(project: Project) -> list[Alarm]:
    """Those that are over, the newest first, with their mails."""
    rows = Alarm.objects.filter(project=project, ended_at__isnull=False).raised()
    return list(rows.order_by("-raised_at", "-pk").prefetch_related(_mails())[:HISTORY])


def _mails() -> Any:
    rows = AlarmMail.objects.select_related("user").order_by("-about", "user__name", "pk")
    return Prefetch("mails", rows)


def overdue_since() -> datetime | None:
    """Since when the mail that has waited longest was to be sent."""
    waiting = AlarmMail.objects.filter(state=AlarmMail.State.WAITING).select_related("alarm")
    first = waiting.order_by("alarm__raised_at", "pk").first()
    return None if first is None else first.alarm.ended_at or first.alarm.raised_at
