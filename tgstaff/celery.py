import os
from typing import Any

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tgstaff.settings")

app = Celery("tgstaff")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_after_finalize.connect
def schedule_ticks(sender: Any, **kwargs: Any) -> None:
    """One beat entry per periodic job; it expires after its interval, so none pile up."""
    from core import ticks

    sender.conf.beat_schedule = {
        job.name: {
            "task": "core.tick",
            "schedule": job.seconds,
            "args": (job.name,),
            "options": {"expires": job.seconds},
        }
        for job in ticks.jobs.values()
    }
