"""What this process counts of itself; apps name theirs in `metrics.py`. Lost when it ends.

What rows can tell is not counted here but read when it is asked for: core.health.
"""

import logging

from django.conf import settings
from prometheus_client import Counter, Histogram, disable_created_metrics, start_http_server

log = logging.getLogger(__name__)

# A second line for each, which nothing here reads.
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library's own has no types

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

REQUESTS = Histogram(
    "tgstaff_request_seconds", "Time to answer requests", ["status"], buckets=SECONDS
)
TASKS = Histogram("tgstaff_task_seconds", "Time tasks took", ["task"], buckets=SECONDS)
TASKS_FAILED = Counter("tgstaff_tasks_failed", "Tasks that ended with an error", ["task"])
JOBS_FAILED = Counter("tgstaff_jobs_failed", "Periodic jobs that ended with an error", ["job"])
KICKS_DROPPED = Counter("tgstaff_kicks_dropped", "Kicks that did not leave")
ROWS_FORGOTTEN = Counter("tgstaff_rows_forgotten", "Old rows deleted", ["table"])
CONFLICTS = Counter("tgstaff_conflicts", "Actions repeated because another was in the way")


def serve() -> None:
    """This process's own counters on a port of this machine, if METRICS_PORT names one.

    For processes that are no web; what rows tell is on the web's page.
    """
    if not settings.METRICS_PORT:
        return
    try:
        start_http_server(settings.METRICS_PORT, addr="127.0.0.1")
    except OSError as error:  # worth a line, and not a gateway
        log.error("METRICS_PORT %s: %s", settings.METRICS_PORT, error.strerror)
