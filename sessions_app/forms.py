"""The shape of what the agents' page submits. Each raises Refusal `invalid`."""

from typing import Any
from uuid import UUID

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from core.errors import Refusal
from routing.actions import PERMISSIONS
from sessions_app.errors import invalid
from sessions_app.queries.pages import STATES

BIGGEST = 2**63 - 1  # what the database keeps

Json = dict[str, Any]


def key(body: Json) -> UUID:
    """The page's own key for what it does: a repeat gives the first result."""
    return _uuid(body.get("key"), "key")


def agent(body: Json) -> UUID | None:
    """To whom; null: back in line."""
    if "agent" not in body:
        raise _wrong("agent")
    return None if body["agent"] is None else _uuid(body["agent"], "agent")


def message(body: Json) -> UUID:
    return _uuid(body.get("message"), "message")


def text(body: Json, name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str):
        raise _wrong(name)
    return value


def flag(body: Json, name: str) -> bool:
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise _wrong(name)
    return value


def reply_to(body: Json) -> int | None:
    """Telegram's id of a message."""
    value = body.get("reply_to")
    return None if value is None else _number(value, "reply_to", smallest=1)


def seen(body: Json) -> int:
    return _number(body.get("seen"), "seen")


def tab(query: QueryDict) -> str:
    value = query.get("tab", "")
    if value not in STATES:
        raise _wrong("tab")
    return value


def after(query: QueryDict) -> UUID | None:
    return _uuid(query["after"], "after") if query.get("after") else None


def before(query: QueryDict) -> int | None:
    value = query.get("before")
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise _wrong("before")
    return int(value)


def connection(body: Json) -> UUID:
    """The page's own, as its socket's `ready` has named it."""
    return _uuid(body.get("connection"), "connection")


def permission(body: Json) -> str:
    """Notification.permission."""
    value = body.get("notify")
    if not isinstance(value, str) or value not in PERMISSIONS:
        raise _wrong("notify")
    return value


def _uuid(value: Any, name: str) -> UUID:
    try:
        return UUID(value)
    except (ValueError, TypeError, AttributeError):
        raise _wrong(name) from None


def _number(value: Any, name: str, smallest: int = 0) -> int:
    if type(value) is not int or not smallest <= value <= BIGGEST:
        raise _wrong(name)
    return value


def _wrong(name: str) -> Refusal:
    return invalid(_("The field “%s” is missing or wrong.") % name, field=name)
