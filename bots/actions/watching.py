"""Watching how updates come in: what Telegram says of webhooks, and bots that fell silent.

Telegram tells nobody that its deliveries fail, or that somebody else has changed the webhook: it
has to be asked (https://core.telegram.org/bots/api#getwebhookinfo).
"""

import logging
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import F, Q
from django.utils.translation import gettext as _

from bots import wire
from bots.actions import reading, webhooks
from bots.actions.bots import note_error, set_state
from bots.models import Bot, Webhook
from bots.wire import WebhookInfo
from core import clock, tx
from core.errors import DeliveryError
from core.text import storable

log = logging.getLogger(__name__)

WATCH_SECONDS = 15
# A round ends before the next one begins.
ROUND = timedelta(seconds=10)
# Telegram repeats a delivery every 120 s at the latest, and then its error is a new one.
RECENT = timedelta(seconds=180)
# After so long set it up anew: somebody may have changed the secret and kept the address.
TIRED = timedelta(minutes=5)
ERROR_LENGTH = Bot._meta.get_field("webhook_error").max_length

State = Bot.State


# ---------------------------------------------------------------- webhooks


def watch() -> None:
    """Ask about each bot with a webhook, or whose polls somebody disturbs, if nobody just has."""
    begun_at = clock.now()
    before = begun_at - timedelta(seconds=WATCH_SECONDS) * 0.9
    unasked = Q(webhook_checked_at=None) | Q(webhook_checked_at__lte=before)
    watched = Q(mode=Bot.Mode.WEBHOOK) | Q(state__in=[State.CONFLICT, State.ELSEWHERE])
    bots = Bot.objects.filter(watched, unasked).exclude(state=State.INVALID)
    for bot in bots.order_by(F("webhook_checked_at").asc(nulls_first=True), "pk"):
        if clock.now() > begun_at + ROUND:
            break
        # claimed before the call: one whose answer hangs must not be the next round's first too
        claimed = Bot.objects.filter(unasked, pk=bot.pk).update(webhook_checked_at=clock.now())
        if claimed:
            check(bot=bot)


def check(*, bot: Bot) -> None:
    """Ask Telegram about the bot's webhook, note what it says, and put right what is wrong.

    One bot's trouble is its own: nothing is raised but the database's errors.
    """
    try:
        info = wire.get_webhook_info(bot.token)
        _note(bot, info)
        if bot.mode == Bot.Mode.POLLING:
            _mend_polling(bot, info)
        else:
            _mend_webhook(bot, info)
    except DeliveryError as error:
        log.warning("%s: %s %s", bot, error.code, error.text)
        tx.run(reading.failed, bot=bot, error=error)


def _note(bot: Bot, info: WebhookInfo) -> None:
    Bot.objects.filter(pk=bot.pk).update(
        webhook_checked_at=clock.now(),
        webhook_pending=max(0, info.pending),
        webhook_error=storable(info.last_error)[:ERROR_LENGTH],
        webhook_error_at=info.last_error_at,
    )


def _mend_webhook(bot: Bot, info: WebhookInfo) -> None:
    current = pointed_at(bot, info.url)
    if not settings.PUBLIC_URL:
        tx.run(_show, bot, State.FAILING, _("PUBLIC_URL is not set."))
    elif current is None or current.ends_at is not None:
        if bot.webhook_checked_at:  # else it has a new token, and Telegram forgot all with the old
            tx.run(_show, bot, State.ELSEWHERE, _elsewhere(info.url))
        webhooks.set_up(bot=bot)
    elif is_failing(info, clock.now()):
        tx.run(_show, bot, State.FAILING, info.last_error)
        if (current.confirmed_at or clock.now()) < clock.now() - TIRED:
            webhooks.set_up(bot=bot)
    else:
        tx.run(webhooks.confirm, webhook=current)
        Bot.objects.filter(pk=bot.pk).update(last_read_at=clock.now())
        tx.run(reading.answered, bot=bot)


def _mend_polling(bot: Bot, info: WebhookInfo) -> None:
    """Polls fail. With a webhook of ours that was left over it is our fault; a stranger's is shown
    and left alone, for a person has to say whose bot this is."""
    if not info.url:
        if bot.state == State.ELSEWHERE:
            tx.run(reading.answered, bot=bot)
    elif pointed_at(bot, info.url):
        wire.delete_webhook(bot.token)
    else:
        tx.run(_show, bot, State.ELSEWHERE, _elsewhere(info.url))


def pointed_at(bot: Bot, address: str) -> Webhook | None:
    """Our webhook that has this address."""
    known = bot.webhooks.order_by("-pk")
    return next((one for one in known if webhooks.address_of(one) == address), None)


def _elsewhere(address: str) -> str:
    if not address:
        return _("Telegram had no webhook for this bot any more.")
    return _("The webhook pointed to %s.") % (urlsplit(address).hostname or address)


def is_failing(info: WebhookInfo, moment: datetime) -> bool:
    """Its last error stays for ever: it counts while something waits and it is a fresh one."""
    at = info.last_error_at
    return bool(info.pending) and at is not None and moment - at < RECENT


def _show(bot: Bot, state: str, reason: str) -> None:
    with tx.change():
        set_state(bot=bot, state=state, error=reason)
        note_error(bot=bot, error=reason)


# ---------------------------------------------------------------- deaf bots


def find_deaf() -> None:
    """Bots with no trouble that anybody has named, of which nothing was read for too long."""
    limit = clock.now() - timedelta(seconds=settings.DEAF_SECONDS)
    silent = Q(last_read_at__lte=limit) | Q(last_read_at=None)
    deaf = Bot.objects.filter(silent, state=State.OK, connected_at__lte=limit).defer("token")
    for bot in deaf.order_by("pk"):
        tx.run(set_state, bot=bot, state=State.DEAF)
    heard = Bot.objects.filter(state=State.DEAF, last_read_at__gt=limit).defer("token")
    for bot in heard.order_by("pk"):
        tx.run(reading.answered, bot=bot)
