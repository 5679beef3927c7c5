"""What Telegram's answers mean, in one table for both wires, and this app's refusals."""

import json
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.errors import DeliveryError, Refusal

# It never left: the connection could not be made.
UNREACHABLE = "unreachable"
# It may have arrived or not: nobody can tell.
UNKNOWN = "unknown"
# Certainly not done. https://core.telegram.org/bots/api#making-requests
REFUSED = {400, 401, 403, 404, 409, 413, 429}
PERMANENT = {400, 403, 404, 413}


class LeaseLost(Exception):
    """Another gateway serves this bot now; what was to be written was not."""


class ModeChanged(Exception):
    """The bot is not to be polled any more: Telegram delivers its updates."""


def result_of(status: int, body: str) -> Any:
    """The `result` of a Bot API answer.

    Raises DeliveryError whose `code` is the error's number as text when the call was certainly not
    done, else `unknown`. Codes are compared and never texts: those change.
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise _refused(status if status == 413 else 0, f"HTTP {status}, no JSON")
    if status == 200 and answer.get("ok") is True:
        return answer.get("result")
    raise _refused(status, str(answer.get("description", "")), answer.get("parameters"))


def _refused(status: int, text: str, parameters: Any = None) -> DeliveryError:
    if status not in REFUSED:
        return DeliveryError(UNKNOWN, text)
    return DeliveryError(
        str(status),
        text,
        permanent=status in PERMANENT,
        retry_after=_retry_after(parameters) if status == 429 else None,
    )


def _retry_after(parameters: Any) -> float:
    try:
        return max(1.0, float(parameters["retry_after"]))
    except (TypeError, KeyError, ValueError):
        return 1.0


def without_token(text: str, token: str) -> str:
    """The text of a library's error, which may quote the address and with it the token."""
    secret = token.partition(":")[2] or token
    return text.replace(secret, "***")


def bad_token() -> Refusal:
    return Refusal(
        "bad_token",
        _("Telegram does not accept this token. Copy it again from @BotFather, whole."),
    )


def telegram_unreachable(error: DeliveryError) -> Refusal:
    return Refusal(
        "telegram_unreachable",
        _("Telegram could not be asked about this token. Nothing was saved; please try again."),
        {"reason": error.code},
    )


def telegram_refused(error: DeliveryError) -> Refusal:
    """Telegram did not do what it was asked. Its own words help whoever set up the address."""
    lost = error.code in {UNREACHABLE, UNKNOWN}
    text = (
        _("Telegram could not be reached. Nothing was changed; please try again.")
        if lost
        else _("Telegram refused: %s") % error.text
    )
    return Refusal("telegram_refused", text, {"reason": error.code})


def no_public_url() -> Refusal:
    return Refusal(
        "no_public_url",
        _("This installation has no public https address: PUBLIC_URL is not set."),
    )


def no_mode() -> Refusal:
    return Refusal("no_mode", _("Choose between polling and the webhook."))


def no_bot() -> Refusal:
    return Refusal("no_bot", _("This project has no bot yet."))


def bot_taken() -> Refusal:
    """Does not say by whom: companies never learn of each other."""
    return Refusal("bot_taken", _("This bot is already connected to another project."))


def project_has_bot(username: str) -> Refusal:
    return Refusal(
        "project_has_bot",
        _("This project has a bot already: @%s. One project, one bot.") % username,
        {"username": username},
    )
