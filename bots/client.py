"""Telegram's Bot API for the gateway, over aiogram's client. Imported by the gateway alone.

Everyone else has only a call now and then and uses bots.wire. Whatever goes wrong underneath comes
out as a DeliveryError that holds neither the token nor the library's exception.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import aiohttp
from django.conf import settings
from pydantic import BaseModel

from bots.errors import UNKNOWN, UNREACHABLE, result_of, without_token
from bots.models import ALLOWED_UPDATES
from core.errors import DeliveryError


@contextmanager
def unbuilt_types() -> Iterator[None]:
    """Around `import aiogram`: leave its 400 types without their validators.

    They are 2.8 of 3.5 s and 107 of 165 MiB, and we never use one. A type that is used after all
    says so: pydantic raises PydanticUserError, "not fully defined".
    """
    rebuild: Any = vars(BaseModel)["model_rebuild"]
    BaseModel.model_rebuild = classmethod(_leave)  # type: ignore[assignment,method-assign]  # for a moment
    try:
        yield
    finally:
        BaseModel.model_rebuild = rebuild  # type: ignore[method-assign]  # as it was


def _leave(model: type[BaseModel], /, **how: Any) -> None:
    """Instead of `BaseModel.model_rebuild`."""


with unbuilt_types():
    from aiogram import Bot
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer
    from aiogram.exceptions import TelegramNetworkError
    from aiogram.methods import Response, TelegramMethod

POLL_SECONDS = 30  # Telegram answers by then, news or none
POLL_MARGIN = 10
CONNECT_SECONDS = 5
SENDS = 50  # at a time
# The connection was never made, so nothing was sent.
NEVER_LEFT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class _Session(AiohttpSession):
    def check_response(
        self, bot: Bot, method: TelegramMethod[Any], status_code: int, content: str
    ) -> Response[Any]:
        """Not validated by aiogram's types: one update they cannot hold would block all others."""
        return Response[Any](ok=True, result=result_of(status_code, content))


@lru_cache
def _method(name: str) -> type[TelegramMethod[Any]]:
    class Method(TelegramMethod[Any]):
        __returning__ = Any
        __api_method__ = name

    return Method


class Telegram:
    """Two sessions: polls wait long and without limit, and must not use up what sends need."""

    def __init__(self) -> None:
        server = TelegramAPIServer.from_base(settings.TELEGRAM_API_BASE)
        self._polls = _Session(api=server, limit=0)
        self._sends = _Session(api=server, limit=SENDS)

    async def read(self, token: str, *, offset: int) -> list[Any]:
        """The next updates, as soon as there are any; confirms everything below `offset`."""
        params = {
            "offset": offset,
            "limit": 100,
            "timeout": POLL_SECONDS,
            "allowed_updates": ALLOWED_UPDATES,
        }
        seconds = POLL_SECONDS + POLL_MARGIN
        updates = await _ask(self._polls, token, "getUpdates", params, seconds)
        if not isinstance(updates, list):
            raise DeliveryError(UNKNOWN, "getUpdates did not answer with a list")
        return updates

    async def call(self, token: str, method: str, params: dict[str, Any]) -> Any:
        """Call any method; its result as plain data."""
        return await _ask(self._sends, token, method, params, settings.SEND_SECONDS)

    async def close(self) -> None:
        await asyncio.gather(self._polls.close(), self._sends.close())


async def _ask(
    session: _Session, token: str, method: str, params: dict[str, Any], seconds: float
) -> Any:
    timeout: Any = aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT_SECONDS)
    try:
        return await session(Bot(token, session=session), _method(method)(**params), timeout)
    except DeliveryError:
        raise
    except TelegramNetworkError as error:
        code = UNREACHABLE if isinstance(error.__cause__, NEVER_LEFT) else UNKNOWN
        failure = DeliveryError(code, without_token(str(error), token))
    except Exception as error:
        failure = DeliveryError(UNKNOWN, without_token(f"{type(error).__name__}: {error}", token))
    raise failure  # here, where the exception that may quote the token is no longer its context
