from celery import shared_task

from core import ticks


@shared_task(name="core.tick", ignore_result=True)
def tick(name: str) -> None:
    """The usual clock: Celery beat sends one of these per job and interval."""
    ticks.alive("worker")
    ticks.jobs[name].run()
