"""The only clock of the product: the database's, moved by `CLOCK_SHIFT` in tests.

Several hosts write rows whose times are compared (leases, deadlines), and a host's clock may be
wrong by hours; the database's clock is the one they share. Asking it costs a round trip, so each
process asks every `ANCHOR_SECONDS` and adds its own monotonic time in between.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import DateTimeField, Func

ANCHOR_SECONDS = 15.0


class _Anchor:
    """A moment of the database's clock, and the process's own when it was asked."""

    def __init__(self) -> None:
        # One tuple, replaced whole: a thread that reads while another asks sees the old pair or
        # the new one, never half of each.
        self.pair: tuple[datetime, float] | None = None

    def now(self) -> datetime:
        pair = self.pair
        if pair is None or time.monotonic() - pair[1] > ANCHOR_SECONDS:
            self.pair = pair = self._ask()
        database_time, taken_at = pair
        return database_time + timedelta(seconds=time.monotonic() - taken_at)

    def _ask(self) -> tuple[datetime, float]:
        connection.ensure_connection()  # opening one takes long, and none of it after the answer
        asked_at = time.monotonic()
        database_time = _ask_database()
        return database_time, (asked_at + time.monotonic()) / 2


def _ask_database() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (value,) = cursor.fetchone()
    assert isinstance(value, datetime)
    return value.astimezone(UTC)


_anchor = _Anchor()


def now() -> datetime:
    """The present moment, aware, in UTC. May query the database: never call it in a coroutine."""
    if connection.vendor == "postgresql":
        present = _anchor.now()
    else:
        present = datetime.now(UTC)  # SQLite has no clock of its own: the host's is its clock
    return present + shift()


def shift() -> timedelta:
    """How far tests have moved the clock. A system check refuses it anywhere else."""
    return timedelta(seconds=settings.CLOCK_SHIFT)


class Now(Func):
    """`now()` as an expression, judged by the database at the moment the statement runs."""

    output_field = DateTimeField()
    template = "%(now)s"

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return "(clock_timestamp() + %s::interval)", [shift()]

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> Any:  # type: ignore[override]  # the stub's many keywords are unused
        return "%s", [connection.ops.adapt_datetimefield_value(now())]
