"""Periodic jobs. A job is a plain function with an interval, registered by name.

Two clocks may ask (Celery beat, and the gateway for what is overdue by two intervals); the row
`Tick` is claimed by one conditional update, so a job runs once however many ask.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core import clock, metrics
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
            metrics.JOBS_FAILED.labels(self.name).inc()
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

# Whose life is noted, beside the web's, which answers for itself.
PROCESSES = ("beat", "gateway", "worker")
ALIVE_SECONDS = 3.0
# Both clocks have missed a job when it is this many intervals old, and a little.
MISSED, MARGIN = 3, timedelta(seconds=15)


def every(seconds: float, name: str) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Register the function below as the periodic job `name` ("app.verb")."""

    def register(function: Callable[[], object]) -> Callable[[], object]:
        jobs[name] = Job(name, seconds, function)
        return function

    return register


def run_overdue() -> list[str]:
    """Run what the usual clock has missed by two intervals; the names of what ran."""
    alive("gateway")
    return [job.name for job in list(jobs.values()) if job.run(overdue=2)]


# ---------------------------------------------------------------- signs of life


def alive(process: str) -> None:
    """Note that a process of this kind is alive; every few seconds at most."""
    Job(_sign(process), ALIVE_SECONDS, _nothing).run()


def _sign(process: str) -> str:
    return f"alive.{process}"


def _nothing() -> None:
    """The claim itself is the sign."""


def silences() -> dict[str, float | None]:
    """Seconds since one of each kind was last alive; None: never."""
    moment, seen = clock.now(), dict(Tick.objects.values_list("name", "last_run_at"))
    return {
        process: (moment - seen[_sign(process)]).total_seconds() if _sign(process) in seen else None
        for process in PROCESSES
    }


def overdue() -> list[str]:
    """Jobs that no clock has run for three intervals."""
    moment, seen = clock.now(), dict(Tick.objects.values_list("name", "last_run_at"))
    late = {job.name: timedelta(seconds=job.seconds * MISSED) + MARGIN for job in jobs.values()}
    return [name for name, pause in late.items() if seen.get(name, NEVER) < moment - pause]
