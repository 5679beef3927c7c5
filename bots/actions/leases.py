"""Which process serves which bot: a lease with an epoch that grows with every new holder.

All times are the database's. A holder that was frozen cannot write with its old epoch.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from math import ceil

from django.conf import settings
from django.db.models import F, Q

from bots.errors import LeaseLost, ModeChanged
from bots.models import Bot, Holder
from core import clock, tx

NO_TIME = timedelta(0)


def take(
    *,
    holder: str,
    besides: Collection[int] = (),
    modes: Collection[str] = Bot.Mode.values,
    limit: int = 200,
    new_limit: int | None = None,
    unheld_for: timedelta = NO_TIME,
) -> list[Bot]:
    """Take up to `limit` bots that nobody has served for `unheld_for`.

    Longest unserved first, none of `besides`: the bots one serves already. Those with a webhook
    are served too, for what they send; `modes` leaves them out. Another that carries
    our own name was ours before a restart and is taken at once. At most `new_limit` of them are
    new to Telegram at this address.
    """
    moment = clock.now()
    with tx.change():
        free = _free(holder, besides, moment - unheld_for) & Q(mode__in=modes)
        chosen = _choose(free, limit, new_limit, moment)
        taken = [bot.pk for bot in tx.lock(Bot.objects.filter(chosen), skip_locked=True)]
        Bot.objects.filter(pk__in=taken).update(
            lease_holder=holder, lease_epoch=F("lease_epoch") + 1, lease_expires_at=_end(moment)
        )
    return list(Bot.objects.filter(pk__in=taken))


def _free(holder: str, besides: Collection[int], since: datetime) -> Q:
    never = Q(lease_expires_at=None, connected_at__lte=since)
    free = never | Q(lease_expires_at__lte=since) | Q(lease_holder=holder)
    return free & ~Q(state=Bot.State.INVALID) & ~Q(pk__in=besides)


def _choose(free: Q, limit: int, new_limit: int | None, moment: datetime) -> Q:
    """`free` again, beside the keys: the lock looks at the row once more when it gets it."""
    rows = Bot.objects.filter(free).defer("token")
    bots = list(rows.order_by(F("lease_expires_at").asc(nulls_last=True), "pk")[:limit])
    known = [bot.pk for bot in bots if not bot.is_new(moment)]
    new = [bot.pk for bot in bots if bot.is_new(moment)]
    return free & Q(pk__in=known + new[:new_limit])


def _end(moment: datetime) -> datetime:
    return moment + timedelta(seconds=settings.BOT_LEASE_SECONDS)


def share(*, holder: str) -> int:
    """How many bots each gateway that is alive serves when all serve as many."""
    others = Holder.objects.filter(expires_at__gt=clock.now()).exclude(name=holder)
    return ceil(Bot.objects.exclude(state=Bot.State.INVALID).count() / (others.count() + 1))


def renew(*, holder: str) -> dict[int, Bot]:
    """Hold on to everything under our name, and say that we live; what we hold now, by key."""
    mine = Bot.objects.filter(lease_holder=holder).exclude(state=Bot.State.INVALID)
    until = _end(clock.now())
    with tx.change():
        Holder.objects.bulk_create(
            [Holder(name=holder, expires_at=until)],
            update_conflicts=True,
            unique_fields=["name"],
            update_fields=["expires_at"],
        )
        mine.update(lease_expires_at=until)
        return {bot.pk: bot for bot in mine.defer("token")}


def confirm(*, bot: Bot) -> None:
    """That `bot` is ours to read still, as when it was loaded. Raises LeaseLost if somebody has
    taken it since, ModeChanged if it is read in another way."""
    row = Bot.objects.filter(pk=bot.pk, lease_epoch=bot.lease_epoch)
    mode = row.values_list("mode", flat=True).first()
    if mode is None:
        raise LeaseLost(bot.pk)
    if mode != bot.mode:
        raise ModeChanged(bot.pk)


def hand_over(*, holder: str, bot_ids: Collection[int]) -> None:
    """Let others serve these of our bots at once."""
    mine = Bot.objects.filter(lease_holder=holder, pk__in=bot_ids)
    mine.update(lease_holder="", lease_expires_at=clock.now())


def release(*, holder: str, ended_at: datetime | None = None) -> None:
    """Let others serve our bots at once, as if we had served them until `ended_at` (now)."""
    mine = Bot.objects.filter(lease_holder=holder)
    mine.update(lease_holder="", lease_expires_at=ended_at or clock.now())
    Holder.objects.filter(name=holder).delete()
