"""How a bot does, in one sentence. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from bots.models import Bot
from sessions_app.console.words import ago, span

# A read ends after 30 s at the latest, with news or without.
LATE_S = 75


@dataclass(frozen=True)
class BotHealth:
    """`look`: good, warn, bad or empty; `detail` helps to mend what is wrong."""

    look: str
    sentence: str
    detail: str = ""


def of_bot(bot: Bot | None, found: dict[str, Any] | None, now: datetime) -> BotHealth:
    """`found`: bots.queries.health of it. The worst that is true is said."""
    if bot is None or found is None:
        return BotHealth("", _("no bot yet"))
    return _refused(bot) or _silent(found, now) or _troubled(found, now)


def _refused(bot: Bot) -> BotHealth | None:
    if bot.state == Bot.State.INVALID:
        text = _("Get the token from @BotFather again and save it here.")
        return BotHealth("bad", _("Telegram refuses its token"), text)
    if bot.state == Bot.State.CONFLICT:
        text = _("Stop it, or revoke the token at @BotFather and save the new one here.")
        return BotHealth("bad", _("another program reads this bot"), text)
    return None


def _silent(found: dict[str, Any], now: datetime) -> BotHealth | None:
    if found["is_failing"]:
        return BotHealth("bad", _("cannot read"), found["last_error"])
    if not found["is_served"]:
        since = found["last_read_at"]
        last = _("Last read %s.") % ago(since, now) if since else _("Never read so far.")
        return BotHealth("bad", _("nobody reads it"), _("Does the gateway run? ") + last)
    if found["last_read_at"] is None:
        return BotHealth("warn", _("begins to read"))
    if (now - found["last_read_at"]).total_seconds() > LATE_S:
        last = ago(found["last_read_at"], now)
        return BotHealth("warn", _("answers late"), _("Telegram last answered a read %s.") % last)
    return None


def _troubled(found: dict[str, Any], now: datetime) -> BotHealth:
    reads = _("reads, %s") % ago(found["last_read_at"], now)
    if found["paused_until"]:
        left = span((found["paused_until"] - now).total_seconds())
        return BotHealth("warn", reads, _("Telegram asks to send nothing for %s.") % left)
    if found["inbox"]["parked"]:
        return BotHealth("warn", reads, _("Some updates could not be understood."))
    return BotHealth("good", reads)
