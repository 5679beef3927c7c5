"""Whether alarms reach people."""

from core import clock
from core.health import Figures, part
from insights.models import Alarm
from insights.queries.alarms import overdue_since


@part("alarms", unsent_s=600)
def alarms() -> Figures:
    """Alarms that are raised and not over; unsent_s: of the mail that has waited longest to leave."""
    since = overdue_since()
    return {
        "open": Alarm.objects.open().raised().count(),
        "unsent_s": (clock.now() - since).total_seconds() if since else 0.0,
    }
