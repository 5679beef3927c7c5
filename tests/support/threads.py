"""Threads that touch rows at the same moment."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection, connections


def together(*functions: Callable[[], Any], seconds: float = 30.0) -> Sequence[Any]:
    """Call each function in a thread of its own, all let go at once; their results in order.

    What a function raised stands in its place. Raises AssertionError if one does not end.
    """
    gate = threading.Barrier(len(functions))
    results: list[Any] = [None] * len(functions)
    threads = [
        threading.Thread(target=_call, args=(gate, function, results, place), daemon=True)
        for place, function in enumerate(functions)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds)
        assert not thread.is_alive(), f"a thread was still busy after {seconds} s"
    return results


def _call(
    gate: threading.Barrier, function: Callable[[], Any], results: list[Any], place: int
) -> None:
    try:
        gate.wait()
        results[place] = function()
    except Exception as error:
        results[place] = error
    finally:
        connections.close_all()


def somebody_waits_for_a_lock() -> bool:
    """PostgreSQL's own word for it, whoever it is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])
