"""The usual clock: `celery -A tgstaff beat --scheduler tgstaff.beat.TickScheduler`."""

from celery.beat import Scheduler

from core import ticks


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
