"""Periodic jobs. A job is a plain function with an interval, registered by name.

Two clocks may ask (Celery beat, and the gateway for what is overdue by two intervals); the row
`Tick` is claimed by one conditional update, so a job runs once however many ask.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core import clock
from core.models import Tick

log = logging.getLogger(__name__)

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
# Clocks that ask every N seconds come a little early or late; a job may run this much early.
SLACK = 0.9


@dataclass(frozen=True)
class Job:
    name: str
    seconds: float
    function: Callable[[], object]

    def run(self, *, overdue: float = SLACK) -> bool:
        """Run the job if it last ran more than `overdue` intervals ago; whether it did."""
        if not self._claim(timedelta(seconds=self.seconds * overdue)):
            return False
        try:
            self.function()
        except Exception:
            log.exception("periodic job %s failed", self.name)
        return True

    def _claim(self, pause: timedelta) -> bool:
        moment = clock.now()
        due = Tick.objects.filter(name=self.name, last_run_at__lte=moment - pause)
        if due.update(last_run_at=moment):
            return True
        if Tick.objects.filter(name=self.name).exists():
            return False
        Tick.objects.bulk_create([Tick(name=self.name, last_run_at=NEVER)], ignore_conflicts=True)
        return self._claim(pause)


jobs: dict[str, Job] = {}


def every(seconds: float, name: str) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Register the function below as the periodic job `name` ("app.verb")."""

    def register(function: Callable[[], object]) -> Callable[[], object]:
        jobs[name] = Job(name, seconds, function)
        return function

    return register


def run_overdue() -> list[str]:
    """Run what the usual clock has missed by two intervals; the names of what ran."""
    return [job.name for job in list(jobs.values()) if job.run(overdue=2)]
