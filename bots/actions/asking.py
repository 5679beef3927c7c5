"""Asking Telegram about a bot: nothing is changed, here or there."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from bots import wire
from bots.actions.watching import is_failing, pointed_at
from bots.models import Bot
from bots.wire import WebhookInfo
from core import clock
from core.errors import DeliveryError, Refusal
from core.text import storable

HOST_LENGTH = 253
ERROR_LENGTH = 300


@dataclass(frozen=True)
class Said:
    """What Telegram said of a bot at `asked_at`.

    `code`: empty if all was answered, `bad_token`, `other_bot` (the token is that of another one),
    or why Telegram could not be asked, as in DeliveryError. `webhook`: none, ours or elsewhere;
    empty if that was not answered. `webhook_host` names an address that is not ours. `is_failing`:
    it cannot deliver to the webhook now.
    """

    asked_at: datetime
    code: str = ""
    webhook: str = ""
    webhook_host: str = ""
    webhook_pending: int = 0
    webhook_error: str = ""
    is_failing: bool = False


def ask(bot: Bot) -> Said:
    """Whose token it is, and where its updates go. Raises nothing but the database's errors.

    Waits for Telegram: call it outside of a transaction.
    """
    moment = clock.now()
    try:
        identity = wire.get_me(bot.token)
        if identity.id != bot.telegram_id:
            return Said(moment, "other_bot")
        return _of_webhook(bot, wire.get_webhook_info(bot.token), moment)
    except (Refusal, DeliveryError) as error:
        return Said(moment, error.code)


def _of_webhook(bot: Bot, info: WebhookInfo, moment: datetime) -> Said:
    whose = _whose(bot, info.url)
    host = urlsplit(info.url).hostname or "" if whose == "elsewhere" else ""
    return Said(
        moment,
        webhook=whose,
        webhook_host=storable(host)[:HOST_LENGTH],
        webhook_pending=max(0, info.pending),
        webhook_error=storable(info.last_error)[:ERROR_LENGTH],
        is_failing=is_failing(info, moment),
    )


def _whose(bot: Bot, address: str) -> str:
    if not address:
        return "none"
    return "ours" if pointed_at(bot, address) else "elsewhere"
