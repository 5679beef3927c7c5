"""Reads worth a name: what waits, and how well each bot does."""

from datetime import timedelta
from typing import Any

from django.db.models import Count, Min

from bots.models import Bot, InboundUpdate, OutboundCall
from core import clock


def bots_with_due_updates() -> list[int]:
    """Keys of the bots whose inbox holds something to drain now."""
    due = InboundUpdate.objects.filter(state=InboundUpdate.State.PENDING, due_at__lte=clock.now())
    return list(due.order_by("bot").values_list("bot", flat=True).distinct())


def health(bot: Bot) -> dict[str, Any]:
    """How the bot does, for pages and alarms. Times are datetimes or None.

    `{state, mode, is_served, last_read_at, last_update_at, last_error, last_error_at, is_failing,
    paused_until, webhook: {checked_at, pending, last_error, last_error_at}, inbox: {pending,
    oldest_at, parked}, outbox: {queued, oldest_at, uncertain, failed}}`. `is_failing`: nothing has
    been read since the last error. `webhook` is what Telegram said when it was last asked.
    `uncertain` and `failed` count the calls of the last 24 h.
    """
    moment = clock.now()
    return {
        "state": bot.state,
        "mode": bot.mode,
        "is_served": bot.lease_expires_at is not None and bot.lease_expires_at > moment,
        "last_read_at": bot.last_read_at,
        "last_update_at": bot.last_update_at,
        "last_error": bot.last_error,
        "last_error_at": bot.last_error_at,
        "is_failing": _is_failing(bot),
        "paused_until": bot.paused_until if (bot.paused_until or moment) > moment else None,
        "webhook": {
            "checked_at": bot.webhook_checked_at,
            "pending": bot.webhook_pending,
            "last_error": bot.webhook_error,
            "last_error_at": bot.webhook_error_at,
        },
        "inbox": _inbox(bot),
        "outbox": _outbox(bot),
    }


def _is_failing(bot: Bot) -> bool:
    if bot.last_error_at is None:
        return False
    return bot.last_read_at is None or bot.last_read_at < bot.last_error_at


def _inbox(bot: Bot) -> dict[str, Any]:
    pending = InboundUpdate.objects.filter(bot=bot, state=InboundUpdate.State.PENDING)
    parked = InboundUpdate.objects.filter(bot=bot, state=InboundUpdate.State.PARKED)
    counted = pending.aggregate(pending=Count("pk"), oldest_at=Min("received_at"))
    return {**counted, "parked": parked.count()}


def _outbox(bot: Bot) -> dict[str, Any]:
    waiting = OutboundCall.objects.open().filter(bot=bot)
    return {
        **waiting.aggregate(queued=Count("pk"), oldest_at=Min("created_at")),
        "uncertain": _closed_today(bot, OutboundCall.State.UNCERTAIN),
        "failed": _closed_today(bot, OutboundCall.State.FAILED),
    }


def _closed_today(bot: Bot, state: str) -> int:
    since = clock.now() - timedelta(days=1)
    return OutboundCall.objects.filter(bot=bot, state=state, created_at__gte=since).count()
