"""What alarm mails say: in the language that the reader has chosen, else in the project's, and by
its clock."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from core import clock
from insights.models import Alarm, AlarmMail
from projects.models import Project
from sessions_app.console.words import clock_time, span


@dataclass(frozen=True)
class Letter:
    subject: str
    text: str


def of(mail: AlarmMail) -> Letter:
    """Needs alarm__project__company and user loaded."""
    alarm = mail.alarm
    with translation.override(mail.user.language or alarm.project.language):
        if mail.about == AlarmMail.About.ENDED:
            return _ended(alarm)
        return _raised(alarm)


def of_a_try(project: Project, user: User) -> Letter:
    with translation.override(user.language or project.language):
        subject = _("[%s] A mail to try it out") % project.name
        return Letter(subject, _with_foot(project, [_("Alarms of this project come like this.")]))


def _raised(alarm: Alarm) -> Letter:
    fixes = [f"- {fix['text']}{_address(fix['link'])}" for fix in alarm.fixes]
    lines = [
        _("%(what)s since %(time)s.")
        % {"what": _kind(alarm), "time": _time(alarm, alarm.began_at)},
        "",
        *alarm.evidence,
        "",
        *([_("What helps:"), *fixes] if fixes else []),
    ]
    return Letter(f"[{alarm.project.name}] {_kind(alarm)}", _with_foot(alarm.project, lines))


def _ended(alarm: Alarm) -> Letter:
    ended_at = alarm.ended_at or clock.now()
    told = {
        "what": _kind(alarm),
        "from": _time(alarm, alarm.began_at),
        "to": _time(alarm, ended_at),
        "span": span((ended_at - alarm.began_at).total_seconds()),
    }
    text = _("It is over. %(what)s: from %(from)s to %(to)s, %(span)s in all.") % told
    subject = _("[%(project)s] Over: %(what)s") % {"project": alarm.project.name, **told}
    return Letter(subject, _with_foot(alarm.project, [text]))


def _kind(alarm: Alarm) -> str:
    return str(Alarm.Kind(alarm.kind).label)


def _time(alarm: Alarm, at: datetime) -> str:
    return clock_time(at, clock.now(), ZoneInfo(alarm.project.time_zone))


def _with_foot(project: Project, lines: list[str]) -> str:
    page = reverse("insights:alarms", args=[project.public_id])
    foot = [
        f"{project.company.name}, {project.name}",
        _("All alarms, and who has them by e-mail%s") % _address(page),
    ]
    return "\n".join([*lines, "", "-- ", *foot, ""])


def _address(link: str) -> str:
    """As it can be opened from a mail; nothing where this installation knows no address of its own."""
    if link.startswith("/"):
        link = f"{settings.PUBLIC_URL}{link}" if settings.PUBLIC_URL else ""
    return f": {link}" if link else ""
