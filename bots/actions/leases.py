"""Which process serves which bot: a lease with an epoch that grows with every new holder.

All times are the database's. A holder that was frozen cannot write with its old epoch.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q

from bots.models import Bot
from core import clock, tx

NO_TIME = timedelta(0)


def take(
    *,
    holder: str,
    holding: Collection[int] = (),
    limit: int = 200,
    new_limit: int | None = None,
    unheld_for: timedelta = NO_TIME,
) -> list[Bot]:
    """Take up to `limit` bots that nobody has served for `unheld_for`.

    What carries our own name and is not in `holding` was ours before a restart: taken at once. At
    most `new_limit` of them are new to Telegram at this address; known ones come first.
    """
    moment = clock.now()
    with tx.change():
        chosen = _choose(_free(holder, holding, moment - unheld_for), limit, new_limit, moment)
        taken = [bot.pk for bot in tx.lock(Bot.objects.filter(chosen), skip_locked=True)]
        Bot.objects.filter(pk__in=taken).update(
            lease_holder=holder, lease_epoch=F("lease_epoch") + 1, lease_expires_at=_end(moment)
        )
    return list(Bot.objects.filter(pk__in=taken))


def _free(holder: str, holding: Collection[int], since: datetime) -> Q:
    never = Q(lease_expires_at=None, connected_at__lte=since)
    own = Q(lease_holder=holder) & ~Q(pk__in=holding)
    return ~Q(state=Bot.State.INVALID) & (never | Q(lease_expires_at__lte=since) | own)


def _choose(free: Q, limit: int, new_limit: int | None, moment: datetime) -> Q:
    """`free` again, beside the keys: the lock looks at the row once more when it gets it."""
    rows = Bot.objects.filter(free).defer("token")
    bots = list(rows.order_by(F("last_read_at").desc(nulls_last=True), "pk")[:limit])
    known = [bot.pk for bot in bots if not bot.is_new(moment)]
    new = [bot.pk for bot in bots if bot.is_new(moment)]
    return free & Q(pk__in=known + new[:new_limit])


def _end(moment: datetime) -> datetime:
    return moment + timedelta(seconds=settings.BOT_LEASE_SECONDS)


def renew(*, holder: str) -> dict[int, Bot]:
    """Hold on to everything under our name; what that is now, by key."""
    mine = Bot.objects.filter(lease_holder=holder).exclude(state=Bot.State.INVALID)
    with tx.change():
        mine.update(lease_expires_at=_end(clock.now()))
        return {bot.pk: bot for bot in mine.defer("token")}


def release(*, holder: str, bot_ids: Collection[int] | None = None) -> None:
    """Let others serve these bots (all of ours if not given) at once."""
    mine = Bot.objects.filter(lease_holder=holder)
    if bot_ids is not None:
        mine = mine.filter(pk__in=bot_ids)
    mine.update(lease_holder="", lease_expires_at=clock.now())
