"""Loops that nothing ends but their owner."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from django.db import DatabaseError

from core.errors import Refusal

T = TypeVar("T")

log = logging.getLogger(__name__)


async def every(seconds: float, what: str, step: Callable[[], Awaitable[object]]) -> None:
    """Take the step again and again, `seconds` apart, whatever becomes of it."""
    while True:
        await attempt(what, step)
        await asyncio.sleep(seconds)


async def attempt(what: str, step: Callable[[], Awaitable[object]]) -> bool:
    """Take the step; False, and a line in the log, if it failed."""
    try:
        await step()
    except (DatabaseError, Refusal) as error:
        log.warning("%s: no database: %s", what, type(error).__name__)
        return False
    except Exception:
        log.exception("%s failed", what)
        return False
    return True


async def unbroken(work: Awaitable[T]) -> T:
    """Await it to its end, also when cancelled: its thread writes on without us."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.gather(task, return_exceptions=True)
        raise
