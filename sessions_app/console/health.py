"""How a bot does, in one sentence, and what to do about it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bots.models import Bot
from bots.queries import trouble
from sessions_app.console.words import ago, span

# A read ends after 30 s at the latest, with news or without; a webhook is asked about every 15 s.
LATE_S = 75


@dataclass(frozen=True)
class BotHealth:
    """`look`: good, warn, bad or empty; `detail` helps to mend what is wrong."""

    look: str
    sentence: str
    detail: str = ""


def of_bot(bot: Bot | None, found: dict[str, Any] | None, now: datetime) -> BotHealth:
    """`found`: bots.queries.health of it, or heard. The worst that is true is said."""
    if bot is None or found is None:
        return BotHealth("", _("no bot yet"))
    return _named(bot, found, now) or _silent(bot, found, now) or _troubled(bot, found, now)


def _named(bot: Bot, found: dict[str, Any], now: datetime) -> BotHealth | None:
    """The trouble that the bot's state names."""
    named = trouble(bot)
    if named is None:
        return None
    sentence, advice = named
    if bot.state == Bot.State.DEAF:
        advice += " " + _last_read(found, now)
    is_mended = bot.state == Bot.State.ELSEWHERE and bot.mode == Bot.Mode.WEBHOOK
    return BotHealth("warn" if is_mended else "bad", sentence, advice)


def _silent(bot: Bot, found: dict[str, Any], now: datetime) -> BotHealth | None:
    has_webhook = bot.mode == Bot.Mode.WEBHOOK
    if found["is_failing"]:
        sentence = _("Telegram does not answer") if has_webhook else _("cannot read")
        return BotHealth("bad", sentence, found["last_error"])
    if not found["is_served"]:
        sentence = _("nobody sends for it") if has_webhook else _("nobody reads it")
        text = _("Does the gateway run? ") + _last_read(found, now)
        return BotHealth("bad", sentence, text)
    if found["last_read_at"] is None:
        return BotHealth("warn", _("begins to read"))
    if (now - found["last_read_at"]).total_seconds() > LATE_S:
        last = ago(found["last_read_at"], now)
        return BotHealth("warn", _("answers late"), _("Telegram last answered a read %s.") % last)
    return None


def _last_read(found: dict[str, Any], now: datetime) -> str:
    since = found["last_read_at"]
    return _("Last read %s.") % ago(since, now) if since else _("Never read so far.")


def _troubled(bot: Bot, found: dict[str, Any], now: datetime) -> BotHealth:
    said = _("has a webhook, %s") if bot.mode == Bot.Mode.WEBHOOK else _("reads, %s")
    reads = said % ago(found["last_read_at"], now)
    if found["paused_until"]:
        left = span((found["paused_until"] - now).total_seconds())
        return BotHealth("warn", reads, _("Telegram asks to send nothing for %s.") % left)
    if found.get("inbox", {}).get("parked"):
        return BotHealth("warn", reads, _("Some updates could not be understood."))
    return BotHealth("good", reads)


# ---------------------------------------------------------------- one by one


def facts(bot: Bot, found: dict[str, Any], now: datetime) -> list[tuple[str, str]]:
    """What a manager may want to know of the bot: (name, value)."""
    return [*_of_reading(bot, found, now), *_of_queues(found, now)]


def _of_reading(bot: Bot, found: dict[str, Any], now: datetime) -> Iterator[tuple[str, str]]:
    yield _("updates come by"), bot.get_mode_display()
    yield _("gateway"), _("serves it") if found["is_served"] else _("nobody serves it")
    yield _("last sign of Telegram"), _at(found["last_read_at"], now)
    yield _("last update"), _at(found["last_update_at"], now)
    if bot.mode == Bot.Mode.WEBHOOK:
        webhook = found["webhook"]
        yield _("webhook checked"), _at(webhook["checked_at"], now)
        yield _("waits at Telegram"), _updates(webhook["pending"])
        if webhook["last_error"]:
            said = f"{webhook['last_error']}, {_at(webhook['last_error_at'], now)}"
            yield _("Telegram's last error"), said
    if found["last_error"] and found["last_error"] != found["webhook"]["last_error"]:
        yield _("last trouble"), f"{found['last_error']} ({_at(found['last_error_at'], now)})"


def _of_queues(found: dict[str, Any], now: datetime) -> Iterator[tuple[str, str]]:
    inbox, outbox = found["inbox"], found["outbox"]
    yield _("waits to be taken in"), _waits(_updates(inbox["pending"]), inbox["oldest_at"], now)
    if inbox["parked"]:
        yield _("not understood"), _updates(inbox["parked"])
    calls = ngettext("%d call", "%d calls", outbox["queued"]) % outbox["queued"]
    yield _("waits to be sent"), _waits(calls, outbox["oldest_at"], now)
    if found["paused_until"]:
        left = span((found["paused_until"] - now).total_seconds())
        yield _("paused by Telegram"), _("for %s more") % left


def _at(moment: datetime | None, now: datetime) -> str:
    return ago(moment, now) if moment else _("never")


def _updates(count: int) -> str:
    return ngettext("%d update", "%d updates", count) % count


def _waits(counted: str, oldest_at: datetime | None, now: datetime) -> str:
    if oldest_at is None:
        return _("nothing")
    oldest = span((now - oldest_at).total_seconds())
    return _("%(count)s, the oldest for %(span)s") % {"count": counted, "span": oldest}
