"""Reads worth a name: what waits, and how well each bot does."""

from datetime import timedelta
from typing import Any

from django.db.models import Count, F, Min, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext as _

from bots.models import Bot, InboundUpdate, OutboundCall
from core import clock


def bots_with_due_updates() -> list[int]:
    """Keys of the bots whose inbox holds something to drain now."""
    due = InboundUpdate.objects.filter(state=InboundUpdate.State.PENDING, due_at__lte=clock.now())
    return list(due.order_by("bot").values_list("bot", flat=True).distinct())


def health(bot: Bot) -> dict[str, Any]:
    """How the bot does, for pages. Times are datetimes or None.

    `{state, mode, is_served, last_read_at, last_update_at, last_error, last_error_at, is_failing,
    paused_until, webhook: {checked_at, pending, last_error, last_error_at}, inbox: {pending,
    oldest_at, parked}, outbox: {queued, oldest_at, uncertain, failed}}`. `is_failing`: nothing has
    been read since the last error. `webhook` is what Telegram said when it was last asked.
    `uncertain` and `failed` count the calls of the last 24 h.
    """
    return {**heard(bot), "inbox": _inbox(bot), "outbox": _outbox(bot)}


def heard(bot: Bot) -> dict[str, Any]:
    """As `health`, without its queues: what stands in the bot's own row."""
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
    }


def trouble(bot: Bot) -> tuple[str, str] | None:
    """What the bot's state means and what to do about it; None if there is nothing to say."""
    if bot.state == Bot.State.INVALID:
        return (
            _("Telegram refuses its token"),
            _("Get the token from @BotFather again and save it here."),
        )
    if bot.state == Bot.State.CONFLICT:
        return (
            _("another program reads this bot"),
            _("Stop it, or revoke the token at @BotFather and save the new one here."),
        )
    if bot.state == Bot.State.FAILING:
        said = bot.webhook_error or bot.last_error
        text = _(
            "Telegram says: “%s”. Nothing is lost: it tries again. You may go back to polling."
        )
        return _("Telegram cannot deliver to us"), text % said
    if bot.state == Bot.State.DEAF:
        return (
            _("nothing has been read for too long"),
            _("Does the gateway run, and does it reach Telegram?"),
        )
    return _elsewhere(bot) if bot.state == Bot.State.ELSEWHERE else None


def _elsewhere(bot: Bot) -> tuple[str, str]:
    if bot.mode == Bot.Mode.WEBHOOK:
        text = _("%s It was set again. If this goes on, somebody else has the token: revoke it.")
        return _("its webhook was changed"), text % bot.last_error
    text = _("%s While it does, nothing can be read here. If the bot is yours, take it back.")
    return _("its webhook points elsewhere"), text % bot.last_error


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


# ---------------------------------------------------------------- all bots together

# A bot that was connected a moment ago has not been taken by a gateway yet.
TAKEN_SECONDS = 10


def fleet() -> dict[str, float]:
    """How many bots there are, and in what trouble: see bots.health."""
    moment = clock.now()
    valid = ~Q(state=Bot.State.INVALID)
    polled = valid & Q(mode=Bot.Mode.POLLING)
    unheld = Q(lease_expires_at=None) | Q(lease_expires_at__lte=moment)
    settled = Q(connected_at__lte=moment - timedelta(seconds=TAKEN_SECONDS))
    unanswered = Q(last_read_at=None) | Q(last_read_at__lt=F("last_error_at"))
    read_at = Greatest("connected_at", Coalesce("last_read_at", "connected_at"))
    troubles = set(Bot.State.values) - {Bot.State.OK}
    found = Bot.objects.aggregate(
        connected=Count("pk"),
        unserved=Count("pk", filter=valid & unheld & settled),
        erring=Count("pk", filter=valid & Q(last_error_at__isnull=False) & unanswered),
        read_at=Min(read_at, filter=polled),
        **{state: Count("pk", filter=Q(state=state)) for state in sorted(troubles)},
    )
    oldest = found.pop("read_at") or moment
    return {**found, "unread_s": max(0.0, (moment - oldest).total_seconds())}


def undrained() -> dict[str, Any]:
    """`{counts: {pending, parked, parked_today}, oldest_at}` over all inboxes."""
    pending = InboundUpdate.objects.filter(state=InboundUpdate.State.PENDING)
    parked = InboundUpdate.objects.filter(state=InboundUpdate.State.PARKED)
    counted = pending.aggregate(pending=Count("pk"), oldest_at=Min("received_at"))
    today = parked.filter(received_at__gte=clock.now() - timedelta(days=1))
    return {
        "oldest_at": counted.pop("oldest_at"),
        "counts": {**counted, "parked": parked.count(), "parked_today": today.count()},
    }


def unsent() -> dict[str, Any]:
    """`{counts: {waiting, uncertain_today, failed_today}, oldest_at}` over all outboxes.

    `oldest_at`: when the call that is overdue longest was due. A refused token keeps its queue.
    """
    moment = clock.now()
    waiting = OutboundCall.objects.open().filter(due_at__lte=moment)
    counted = waiting.exclude(bot__state=Bot.State.INVALID).aggregate(
        waiting=Count("pk"), oldest_at=Min("due_at")
    )
    today = (
        unsuccessful()
        .filter(created_at__gte=moment - timedelta(days=1))
        .aggregate(
            uncertain_today=Count("pk", filter=Q(state=OutboundCall.State.UNCERTAIN)),
            failed_today=Count("pk", filter=Q(state=OutboundCall.State.FAILED)),
        )
    )
    return {"oldest_at": counted.pop("oldest_at"), "counts": counted | today}


def unsuccessful() -> QuerySet[OutboundCall]:
    """Written as the index over them is."""
    return OutboundCall.objects.filter(state__in=["failed", "uncertain"])
