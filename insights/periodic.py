from django.conf import settings

from core.retention import forget_old
from core.ticks import every
from insights.actions import alarms, mails
from insights.models import Alarm


@every(alarms.WATCH_SECONDS, "insights.watch")
def watch() -> None:
    alarms.watch()


@every(30, "insights.send_mails_due")
def send_mails_due() -> None:
    mails.kick_due()


forget_old(Alarm, "ended_at", lambda: settings.ALARM_DAYS)
