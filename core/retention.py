"""What is forgotten, and when: one rule for every table that grows. docs/retention.md lists them.

An app registers its rules in `periodic.py`. A step forgets at most so many rows in one short
transaction, so that nobody ever waits for a purge.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Model, QuerySet

from core import clock, metrics, tx

log = logging.getLogger(__name__)

STEP_ROWS = 1000
# Of one table in one round; what is left comes a minute later.
ROUND_SECONDS = 5.0

Step = Callable[[int], int]

steps: dict[str, Step] = {}


def forget(model: type[Model], step: Step) -> None:
    """Let `step(limit)` forget the model's old rows, `limit` at most; it says how many it did."""
    steps[model._meta.label] = step


def forget_old(
    model: type[Model], field: str, days: Callable[[], float], **conditions: Any
) -> None:
    """Forget the rows whose `field` lies so many days back and that meet the conditions."""

    def step(limit: int) -> int:
        old = {f"{field}__lt": before(days=days()), **conditions}
        return delete_some(model._default_manager.filter(**old).order_by(field), limit)

    forget(model, step)


def before(**ago: float) -> datetime:
    return clock.now() - timedelta(**ago)


def delete_some(old: QuerySet[Any], limit: int) -> int:
    """Delete the first rows, with what hangs on them; how many there were."""
    keys = list(old.values_list("pk", flat=True)[:limit])
    if keys:  # else not even SQLite's write lock is taken
        with tx.change():
            old.model._default_manager.filter(pk__in=keys).delete()
    return len(keys)


def purge() -> None:
    """One round over all tables. A fault with one must not let the others grow."""
    for label, step in steps.items():
        try:
            _forget_some(label, step)
        except Exception:
            log.exception("old rows of %s could not be forgotten", label)


def _forget_some(label: str, step: Step) -> None:
    until, count = time.monotonic() + ROUND_SECONDS, STEP_ROWS
    while count >= STEP_ROWS and time.monotonic() < until:
        count = tx.run(step, STEP_ROWS)
        metrics.ROWS_FORGOTTEN.labels(label).inc(count)
