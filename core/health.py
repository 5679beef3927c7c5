"""What each part of the product says of its own state: `/readyz` shows it, `/metrics` carries it on.

A part is a plain function that returns its figures, numbers by name; "…_s" are seconds. Each app
registers its own in `health.py`, with the limit above which a figure means trouble.
"""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock

from django.conf import settings
from django.db import connection
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from core import clock, kick, ticks, tx

Figures = Mapping[str, float | None]
Reader = Callable[[], Figures]

ANSWER_SECONDS = 3.0
# Whoever may ask, and however often: rows are counted once in so long.
KEPT_SECONDS = 1.0
# Every few seconds a process says that it is alive; two may be lost.
SILENT_SECONDS = 12.0
LATELY_SECONDS = 60.0


@dataclass(frozen=True)
class Part:
    """`limits`: figures above them, or without a value, are trouble."""

    name: str
    read: Reader
    limits: Mapping[str, float]
    needs_rows: bool


@dataclass(frozen=True)
class Finding:
    """`state`: ok, trouble, or silent (it did not answer in time, or failed)."""

    state: str
    figures: Figures = field(default_factory=dict)
    error: str = ""


parts: dict[str, Part] = {}


def part(
    name: str, *, needs_rows: bool = True, **limits: float
) -> Callable[[Callable[[], Figures]], Callable[[], Figures]]:
    """Register the function below as the part `name`, with limits of its figures."""

    def register(read: Reader) -> Reader:
        parts[name] = Part(name, read, limits, needs_rows)
        return read

    return register


# ---------------------------------------------------------------- asking


class _Report:
    """The latest findings of this process."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.threads = ThreadPoolExecutor(4, thread_name_prefix="health")
        self.findings: dict[str, Finding] = {}
        self.found_at = float("-inf")

    def current(self) -> dict[str, Finding]:
        with self.lock:
            if time.monotonic() - self.found_at > KEPT_SECONDS:
                self.findings = self._ask_all()
                self.found_at = time.monotonic()
            return self.findings

    def _ask_all(self) -> dict[str, Finding]:
        """The database first: without it the others that need it would only wait for it, too."""
        found = self._ask([parts["database"]])
        has_rows = found["database"].state != "silent"
        others = [one for one in parts.values() if one.name not in found]
        found |= self._ask([one for one in others if has_rows or not one.needs_rows])
        missing = Finding("silent", error="no database")
        return {name: found.get(name, missing) for name in sorted(parts)}

    def _ask(self, asked: list[Part]) -> dict[str, Finding]:
        answers = {one.name: self.threads.submit(_find, one) for one in asked}
        until = time.monotonic() + ANSWER_SECONDS
        return {name: _answer(future, until) for name, future in answers.items()}


def _find(one: Part) -> Finding:
    try:
        with tx.borrowed():
            figures = one.read()
    except Exception as error:
        return Finding("silent", error=type(error).__name__)
    values = {name: figures.get(name) for name in one.limits}
    over = [name for name, value in values.items() if value is None or value > one.limits[name]]
    return Finding("trouble" if over else "ok", figures)


def _answer(future: "Future[Finding]", until: float) -> Finding:
    try:
        return future.result(max(0.0, until - time.monotonic()))
    except TimeoutError:
        future.cancel()
        return Finding("silent", error="no answer in time")


_report = _Report()


def findings() -> dict[str, Finding]:
    """Every part's state and figures, not older than a second or two."""
    return _report.current()


def state(found: Mapping[str, Finding]) -> str:
    """down: this process can serve nobody; degraded: it can, but somebody should look."""
    if found["database"].state == "silent":
        return "down"
    return "ok" if all(one.state == "ok" for one in found.values()) else "degraded"


# ---------------------------------------------------------------- the plumbing's own parts


@part("database", answer_s=2)
def database() -> Figures:
    """Rows: without them nothing can be done."""
    begun_at = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return {"answer_s": time.monotonic() - begun_at}


@part("redis", needs_rows=False, answer_s=1)
def redis() -> Figures:
    """Hints and tasks. Without REDIS_URL they stay in this process."""
    if not settings.REDIS_URL:
        return {"answer_s": 0.0}
    begun_at = time.monotonic()
    wire = Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=1,
        socket_timeout=1,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        wire.ping()
    finally:
        wire.close()
    return {"answer_s": time.monotonic() - begun_at}


@part("clock", skew_s=5)
def host_clock() -> Figures:
    """How far this host's clock is from the database's, which is the product's."""
    return {"skew_s": abs((clock.now() - datetime.now(UTC)).total_seconds())}


@part("processes", beat_s=SILENT_SECONDS, gateway_s=SILENT_SECONDS, worker_s=SILENT_SECONDS)
def processes() -> Figures:
    """Seconds since one of each kind last said that it is alive."""
    return {f"{name}_s": age for name, age in ticks.silences().items()}


@part("jobs", overdue=0)
def jobs() -> Figures:
    """Periodic jobs that neither clock has run for long."""
    return {"overdue": len(ticks.overdue())}


@part("kicks", needs_rows=False, queued=1000, dropped_lately=0)
def kicks() -> Figures:
    """What this process wanted to tell others: lost kicks make everything slower."""
    return {"queued": kick.queued(), "dropped_lately": kick.dropped_within(LATELY_SECONDS)}
