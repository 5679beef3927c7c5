"""Telegram's Bot API for everyone but the gateway: synchronous, one call at a time.

A token stands in the address of every call, so no exception of the library underneath gets out,
not even as the context of ours.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests
from django.conf import settings
from django.views.decorators.debug import sensitive_variables

from bots.errors import UNKNOWN, UNREACHABLE, bad_token, result_of
from bots.models import ALLOWED_UPDATES
from core.errors import DeliveryError

TOKEN = re.compile(r"[0-9]{3,20}:[A-Za-z0-9_-]{20,100}")
CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0


@dataclass(frozen=True)
class BotIdentity:
    id: int
    username: str
    name: str


@dataclass(frozen=True)
class WebhookInfo:
    """`url` is empty when there is no webhook. `last_error` stays when deliveries go well again."""

    url: str
    pending: int
    last_error: str
    last_error_at: datetime | None


def get_me(token: str) -> BotIdentity:
    """Whose token this is. Raises Refusal `bad_token`, or DeliveryError if Telegram cannot say."""
    if not TOKEN.fullmatch(token):
        raise bad_token()
    try:
        user = _fields(_call(token, "getMe"), "id", "username", "first_name")
    except DeliveryError as error:
        if error.code not in {"401", "404"}:
            raise
    else:
        return BotIdentity(id=user["id"], username=user["username"], name=user["first_name"])
    raise bad_token()


def get_webhook_info(token: str) -> WebhookInfo:
    info = _fields(_call(token, "getWebhookInfo"), "url", "pending_update_count")
    return WebhookInfo(
        url=info["url"],
        pending=info["pending_update_count"],
        last_error=str(info.get("last_error_message", "")),
        last_error_at=_moment(info.get("last_error_date")),
    )


def _moment(seconds: Any) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) else None


def set_webhook(token: str, *, url: str, secret: str) -> None:
    """`secret`: 1-256 of `A-Za-z0-9_-`, sent back in X-Telegram-Bot-Api-Secret-Token."""
    _call(token, "setWebhook", url=url, secret_token=secret, allowed_updates=ALLOWED_UPDATES)


def delete_webhook(token: str) -> None:
    """Waiting updates are kept."""
    _call(token, "deleteWebhook", drop_pending_updates=False)


def get_updates(token: str, *, offset: int) -> list[Any]:
    """What waits now, oldest first. Confirms everything below `offset`."""
    updates = _call(
        token,
        "getUpdates",
        offset=offset,
        limit=100,
        timeout=0,
        allowed_updates=ALLOWED_UPDATES,
    )
    return updates if isinstance(updates, list) else []


def _fields(result: Any, *needed: str) -> dict[str, Any]:
    if not isinstance(result, dict) or not set(needed) <= set(result):
        raise DeliveryError(UNKNOWN, "an answer of another shape")
    return result


@sensitive_variables()
def _call(token: str, method: str, **params: Any) -> Any:
    answer = _post(f"{settings.TELEGRAM_API_BASE}/bot{token}/{method}", params)
    if isinstance(answer, DeliveryError):
        raise answer  # here, where no exception that quotes the address is being handled
    return result_of(*answer)


@sensitive_variables()
def _post(address: str, params: dict[str, Any]) -> tuple[int, str] | DeliveryError:
    try:
        answer = requests.post(
            address,
            json=params,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            allow_redirects=False,
        )
        return answer.status_code, answer.content.decode("utf-8", "replace")
    except requests.RequestException as error:
        return DeliveryError(UNREACHABLE, type(error).__name__)
