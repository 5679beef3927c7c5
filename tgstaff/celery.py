import os
from typing import Any

from celery import Celery, Task
from celery.signals import beat_init, setup_logging, worker_init, worker_shutting_down

from core import ending, logs, memory, metrics

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tgstaff.settings")


class LoggedTask(Task):  # type: ignore[type-arg]  # generic in the stubs alone
    """What is logged for a task names it, the request it comes from and the ids it was given."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        ids = {name: value for name, value in kwargs.items() if name.endswith("_id")}
        origin = self.request.get("request_id") or self.request.id
        logs.clear()
        failed, taken = metrics.TASKS_FAILED.labels(self.name), metrics.TASKS.labels(self.name)
        with logs.bound(task=self.name, request_id=origin, **ids):
            with failed.count_exceptions(), taken.time():
                return self.run(*args, **kwargs)


@setup_logging.connect
def keep_ours(**options: Any) -> None:
    """Logs are as the settings say; without this Celery would put its own level in their place."""


@worker_init.connect
@beat_init.connect
def show_counters(**options: Any) -> None:
    metrics.serve()


@worker_init.connect
def settle(**options: Any) -> None:
    memory.settle()


@worker_shutting_down.connect
def end_in_time(**how: Any) -> None:
    """Celery itself waits for running tasks as long as they take."""
    ending.begin()


app: "Celery[Any]" = Celery("tgstaff", task_cls=LoggedTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
