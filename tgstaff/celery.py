import os
from typing import Any, ClassVar

from celery import Celery, Task
from celery.app.amqp import AMQP
from celery.signals import beat_init, setup_logging, worker_init, worker_shutting_down
from kombu import Connection
from kombu.transport import redis

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


class Channel(redis.Channel):
    """Of a connection that is closed nothing can be acknowledged or put back. Kombu asks it for its
    host all the same, and the AttributeError of that ended workers, one loss of the broker in three
    under load. As a lost connection it is taken for what it is; what was not acknowledged is given
    out again."""

    def _connparams(self, asynchronous: bool = False) -> Any:
        if self.connection.client is None:
            raise ConnectionError("the connection to the broker was closed")
        return super()._connparams(asynchronous)  # type: ignore[misc]  # the stubs leave it out


class Transport(redis.Transport):
    Channel = Channel


class Broker(Connection):
    """Looks for a broker that has gone every two seconds, for all of an outage. Kombu's own pauses
    grow to half a minute, and no setting of Celery's reaches them."""

    PAUSES: ClassVar = {"interval_start": 0.5, "interval_step": 0.5, "interval_max": 2}

    def ensure_connection(self, *args: Any, **options: Any) -> Any:
        return super().ensure_connection(*args, **self.PAUSES | options)

    def get_transport_cls(self) -> Any:
        usual = super().get_transport_cls()
        return Transport if usual is redis.Transport else usual


class Wire(AMQP):
    Connection = Broker


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


app: "Celery[Any]" = Celery("tgstaff", task_cls=LoggedTask, amqp=Wire)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
