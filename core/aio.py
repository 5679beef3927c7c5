"""The one door from coroutines to rows."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from channels.db import database_sync_to_async
from django.conf import settings

P = ParamSpec("P")
R = TypeVar("R")

_pool: ThreadPoolExecutor | None = None


def _threads() -> ThreadPoolExecutor:
    global _pool
    if _pool is None:
        _pool = ThreadPoolExecutor(settings.DB_THREADS, thread_name_prefix="rows")
    return _pool


async def in_db(function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a synchronous function that touches rows in a bounded thread pool.

    `database_sync_to_async` gives connections back around each call; with plain `sync_to_async` a
    long-lived loop never recovers from a restart of PostgreSQL.
    """
    door = database_sync_to_async(function, thread_sensitive=False, executor=_threads())
    return await door(*args, **kwargs)
