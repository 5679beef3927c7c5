"""The usual clock: `celery -A tgstaff beat --scheduler tgstaff.beat.TickScheduler`."""

import logging
from typing import Any

from celery.beat import Scheduler
from django.db import DatabaseError

from core import ticks, tx

log = logging.getLogger(__name__)


class TickScheduler(Scheduler):
    """One entry per periodic job. Keeps no file: when a job last ran is a row (core.ticks).

    An entry expires after its interval, so none pile up while no worker is there.
    """

    def setup_schedule(self) -> None:
        self.update_from_dict(
            {
                job.name: {
                    "task": "core.tick",
                    "schedule": job.seconds,
                    "args": (job.name,),
                    "options": {"expires": job.seconds},
                }
                for job in ticks.jobs.values()
            }
        )

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        _say_alive()
        return super().tick(*args, **kwargs)


def _say_alive() -> None:
    """Beat needs no rows to beat."""
    try:
        with tx.borrowed():
            ticks.alive("beat")
    except DatabaseError as error:
        log.warning("no sign of life: %s", type(error).__name__)
