"""The doors from coroutines to rows: `in_db` for all, `Line` for a hot path on PostgreSQL."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import connection
from psycopg import AsyncConnection

from core import postgres

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


class Line:
    """One connection to PostgreSQL of the event loop's own, for one coroutine at a time. Each statement
    is a transaction by itself.

    For what a loop that is never idle does all the time: a thread that waits for the database asks
    for the interpreter at each of its turns, and handing it over costs the loop more than the
    statement does (docs/decisions/0093-line.md).
    """

    def __init__(self) -> None:
        self._connection: AsyncConnection | None = None

    async def row(self, statement: str, values: Sequence[Any]) -> tuple[Any, ...]:
        """The first row of the answer. Raises psycopg.Error; the next call connects anew if it has
        to."""
        cursor = await (await self._connected()).execute(statement, values)
        row = await cursor.fetchone()
        assert row is not None, "the statement answers with a row"
        return row

    async def close(self) -> None:
        if self._connection:
            await self._connection.close()

    async def _connected(self) -> AsyncConnection:
        mine = self._connection
        if mine and not mine.closed and postgres.has_news(mine):
            await mine.close()  # at rest it has nothing to say but that the server has ended
        if mine is None or mine.closed:
            mine = self._connection = await AsyncConnection.connect(**_params(), autocommit=True)
        return mine


def _params() -> dict[str, Any]:
    """As Django connects, but for the class of its cursors, which is none for coroutines."""
    params: dict[str, Any] = connection.get_connection_params()
    return {name: value for name, value in params.items() if name != "cursor_factory"}
