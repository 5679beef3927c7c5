"""Reading bots without a gateway: a dead one leaves no bot deaf."""

import logging
import secrets
import socket
from datetime import timedelta

from django.conf import settings

from bots import metrics, wire
from bots.actions import bots, inbox, leases
from bots.errors import LeaseLost, ModeChanged
from bots.models import Bot
from core import clock, tx
from core.errors import DeliveryError

log = logging.getLogger(__name__)

UNHELD_LEASES = 3  # 30 s
BATCH = 100  # Telegram's own limit of one read
AT_ONCE = 10
# A round ends before the next one begins.
ROUND_SECONDS = 10
CONFLICT = "409"
STATES = {"401": Bot.State.INVALID, CONFLICT: Bot.State.CONFLICT}


def failed(*, bot: Bot, error: DeliveryError) -> None:
    """Telegram did not let us read: note it, and stop the bot if its token is refused.

    That a webhook is in the way is known already when its state says where that points to.
    """
    with tx.change():
        if error.code == CONFLICT and _is_elsewhere(bot):
            return
        if error.code in STATES:
            bots.set_state(bot=bot, state=STATES[error.code], error=error.text)
        bots.note_error(bot=bot, error=error.text or error.code)


def _is_elsewhere(bot: Bot) -> bool:
    return Bot.objects.filter(pk=bot.pk, state=Bot.State.ELSEWHERE).exists()


def answered(*, bot: Bot) -> None:
    """Telegram let us read, or delivers: whatever the trouble was, it is over."""
    if bot.state != Bot.State.OK:
        bots.set_state(bot=bot, state=Bot.State.OK)


def read_unread() -> int:
    """Read once each bot that nobody has held for 30 s; how many updates were new."""
    holder = f"poll_unread:{socket.gethostname()[:40]}:{secrets.token_hex(4)}"
    unheld_for = timedelta(seconds=UNHELD_LEASES * settings.BOT_LEASE_SECONDS)
    begun_at, count = clock.now(), 0
    seen: list[int] = []
    while clock.now() < begun_at + timedelta(seconds=ROUND_SECONDS):
        taken = _take(holder, unheld_for, seen)
        if not taken:
            break
        count += sum(_read(bot) for bot in taken)
        seen += [bot.pk for bot in taken]
        leases.release(holder=holder, ended_at=begun_at - unheld_for)
    return count


def _take(holder: str, unheld_for: timedelta, seen: list[int]) -> list[Bot]:
    return tx.run(
        leases.take,
        holder=holder,
        besides=seen,
        modes=[Bot.Mode.POLLING],
        limit=AT_ONCE,
        new_limit=settings.BOT_STARTS_PER_MINUTE or None,
        unheld_for=unheld_for,
    )


def _read(bot: Bot) -> int:
    """One bot's trouble is its own."""
    try:
        count = read_once(bot=bot)
        tx.run(answered, bot=bot)
        return count
    except DeliveryError as error:
        _note(bot, error)
    except LeaseLost:
        log.info("%s: a gateway has taken it", bot)
    return 0


def _note(bot: Bot, error: DeliveryError) -> None:
    metrics.READ_ERRORS.labels(error.code).inc()
    try:
        leases.confirm(bot=bot)  # a 409 may tell of our own webhook
        log.warning("%s: %s %s", bot, error.code, error.text)
        tx.run(failed, bot=bot, error=error)
    except (LeaseLost, ModeChanged):
        log.info("%s: it is not ours to read any more", bot)


def read_once(*, bot: Bot) -> int:
    """Read everything that waits for a bot whose lease the caller holds; how many updates.

    Raises DeliveryError, and LeaseLost if the lease has been taken meanwhile.
    """
    count, offset = 0, bot.next_offset
    while True:
        updates = inbox.numbered(wire.get_updates(bot.token, offset=offset), offset)
        following = max((number for number, _ in updates), default=offset - 1) + 1
        tx.run(
            inbox.store,
            bot_id=bot.pk,
            updates=updates,
            next_offset=following if updates else None,
            epoch=bot.lease_epoch,
        )
        count += len(updates)
        if len(updates) < BATCH or following == offset:
            return count
        offset = following
