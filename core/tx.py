"""Transactions: every change goes through `change()`, every row lock through `lock()`.

What must be written last in a transaction (the feed: its counter row is a point all writers of a
project meet at) is handed to `at_commit` and written by the outermost change just before COMMIT.
Taking that counter earlier deadlocks two composed actions.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from django.db import DatabaseError, close_old_connections, connection, transaction
from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _

from core import crash, metrics
from core.errors import Refusal

P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M", bound=Model)

Writer = Callable[[list[Any]], None]

ATTEMPTS = 3
# deadlock, lock time-out, serialization failure
CONFLICTS = {"40P01", "55P03", "40001"}


class _Frames(threading.local):
    def __init__(self) -> None:
        self.stack: list[list[tuple[Writer, Any]]] = []


_frames = _Frames()


@contextmanager
def change(name: str = "") -> Iterator[None]:
    """One change: outermost a transaction, nested a savepoint.

    A nested change that fails takes back its rows and what it handed to `at_commit`. `name`: of the
    crash points around its COMMIT.
    """
    outermost = not _frames.stack
    mine: list[tuple[Writer, Any]] = []
    _frames.stack.append(mine)
    try:
        with transaction.atomic():
            yield
            if outermost:
                _write(mine)
                crash.here(f"{name}.before_commit")
    finally:
        _frames.stack.pop()
    if outermost:
        crash.here(f"{name}.after_commit")
    else:
        _frames.stack[-1].extend(mine)


def _write(entries: list[tuple[Writer, Any]]) -> None:
    while entries:  # a writer may hand on more
        by_writer: dict[Writer, list[Any]] = {}
        for writer, item in entries:
            by_writer.setdefault(writer, []).append(item)
        entries.clear()
        for writer, items in by_writer.items():
            writer(items)


def at_commit(writer: Writer, item: Any) -> None:
    """Hand `item` to `writer`, which gets all items of the change in order, just before COMMIT."""
    if not _frames.stack:
        raise RuntimeError("core.tx.at_commit outside of core.tx.change()")
    _frames.stack[-1].append((writer, item))


def in_change() -> bool:
    return bool(_frames.stack)


def lock(queryset: QuerySet[M], *, of: str = "self", skip_locked: bool = False) -> QuerySet[M]:
    """The rows, locked in the order of their keys until the change ends.

    `of`: what is locked instead of the rows themselves, a relation of theirs that is joined.
    `skip_locked`: leave out rows that somebody else holds instead of waiting for them.

    NO KEY: a plain FOR UPDATE also blocks every insert that refers to the row. SQLite ignores row
    locks; there BEGIN IMMEDIATE is the lock.
    """
    return queryset.order_by("pk").select_for_update(no_key=True, of=(of,), skip_locked=skip_locked)


@contextmanager
def borrowed() -> Iterator[None]:
    """Rows outside of requests, tasks and core.aio, which do the same: the thread's connection is
    given back before and after, so that none outlives a restart of the database."""
    close_old_connections()
    try:
        yield
    finally:
        close_old_connections()


def run(action: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Call an action at an edge; repeat it whole when the database says another was in the way.

    Raises `Refusal("busy")` after three tries.
    """
    for attempt in range(ATTEMPTS):
        try:
            return action(*args, **kwargs)
        except DatabaseError as error:
            if not is_conflict(error):
                raise
            metrics.CONFLICTS.inc()
            time.sleep(random.uniform(0.005, 0.05) * (attempt + 1))
    raise Refusal("busy", _("The system is busy. Nothing was changed; please try again."))


def is_conflict(error: DatabaseError) -> bool:
    cause = error.__cause__
    return getattr(cause, "sqlstate", None) in CONFLICTS or "database is locked" in str(error)


@contextmanager
def snapshot() -> Iterator[None]:
    """Reads that see one state: all rows as of the first query.

    READ COMMITTED would give each query its own state, so a feed's head and the rows beside it
    would not belong together.
    """
    if connection.in_atomic_block:  # inside a test's transaction the state is one already
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        with _deferred(), transaction.atomic():
            yield


@contextmanager
def _deferred() -> Iterator[None]:
    """SQLite: readers take no write lock (the connection's default is BEGIN IMMEDIATE)."""
    connection.ensure_connection()  # a new one would bring the usual mode back
    usual = connection.transaction_mode  # type: ignore[attr-defined]  # SQLite's wrapper has it
    connection.transaction_mode = "DEFERRED"  # type: ignore[attr-defined]  # as above
    try:
        yield
    finally:
        connection.transaction_mode = usual  # type: ignore[attr-defined]  # as above
