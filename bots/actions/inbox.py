"""Updates: stored before they are confirmed to Telegram, drained in batches, retried, parked."""

import hashlib
import json
import re
from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import BinaryField, F, Func, IntegerField, QuerySet, Value

from bots import metrics
from bots.errors import LeaseLost
from bots.models import Bot, InboundUpdate, Inbox
from core import clock, kick, retention, tx
from core.prebuilt import Insert, Prebuilt, Slot
from core.text import storable

RETRY_SECONDS = (1, 5, 30, 120, 600)
NOTE_EVERY = timedelta(seconds=1)
AT_ONCE = 300  # updates in a batch
# What a drain asks of a bot: it is read for each message.
DRAINED_WITH = ("bot__project", "bot__project__public_id", "bot__project__open_with")
DRAINED = ("raw", "state", "received_at", "attempts", "due_at", "error", "bot__inbox")
DONE = f"""
    UPDATE {InboundUpdate._meta.db_table} SET state = 'done', error = ''
    WHERE state = 'pending' AND id IN ({{}})
"""  # noqa: S608  # names of our own
# What is not told stays as it is.
NOTE_READ = f"""
    UPDATE {Bot._meta.db_table} SET
        last_read_at = %s,
        last_update_at = COALESCE(%s, last_update_at),
        next_offset = COALESCE(%s, next_offset)
    WHERE id = %s AND lease_epoch = COALESCE(%s, lease_epoch)
"""  # noqa: S608  # as above
LONGEST_BODY = 1024 * 1024
# Telegram writes it first, so a body that was cut has it still.
NUMBER = re.compile(rb'\s*\{\s*"update_id"\s*:\s*([0-9]{1,15})\b')
ERROR_LENGTH = InboundUpdate._meta.get_field("error").max_length


def numbered(updates: list[Any], expected: int) -> list[tuple[int, bytes]]:
    """Each update with its id and as bytes: `(update_id, ASCII JSON)`.

    ASCII, because a customer can make JSON hold NUL and lone surrogates. One without a usable id
    counts as the next in line, `expected` if it is the first: nothing that was sent is dropped.
    """
    rows = []
    for update in updates:
        number = _usable_number(update)
        if number is None:
            number = expected
        rows.append((number, json.dumps(update).encode("ascii")))
        expected = number + 1
    return rows


def _usable_number(update: Any) -> int | None:
    number = update.get("update_id") if isinstance(update, dict) else None
    return number if type(number) is int and 0 <= number < 2**53 else None


def store(
    *, bot_id: int, updates: list[tuple[int, bytes]], next_offset: int | None, epoch: int | None
) -> None:
    """Commit what was read together with the offset that will confirm it.

    What is stored already stays as it is. `epoch`: of the reader's lease, None for a reader without
    one. Raises LeaseLost, and stores nothing, when another gateway has taken the bot since. An empty
    list records that Telegram answered.
    """
    with tx.change("inbox"):
        _note_read(bot_id, bool(updates), next_offset, epoch)
        rows = [
            InboundUpdate(bot_id=bot_id, update_id=number, raw=raw)
            for number, raw in dict(updates).items()
        ]
        _STORE.rows(rows)
        if rows:
            kick.task("sessions_app.drain_inbox", bot_id=bot_id)
    metrics.UPDATES.inc(len(rows))


def store_own(*, bot: Bot, update_id: int, raw: bytes) -> None:
    """An update that we send ourselves (`update_id` below 0, where Telegram's never are): the bot
    counts as read and written to no more than before."""
    with tx.change():
        InboundUpdate.objects.create(bot=bot, update_id=update_id, raw=raw)
        kick.task("sessions_app.drain_inbox", bot_id=bot.pk)


def _note_read(bot_id: int, has_news: bool, next_offset: int | None, epoch: int | None) -> None:
    moment = connection.ops.adapt_datetimefield_value(clock.now())
    values = (moment, moment if has_news else None, next_offset, bot_id, epoch)
    with connection.cursor() as cursor:
        cursor.execute(NOTE_READ, values)
        if not cursor.rowcount:
            raise LeaseLost(bot_id)


_STORE = Insert(InboundUpdate, ignoring=True)


# ---------------------------------------------------------------- by webhook


def receive(*, bot: Bot, body: bytes) -> str:
    """Commit what Telegram has delivered to the webhook; the name of what is wrong with it, if so.

    Again and again is harmless. What is no update is kept, cut to `LONGEST_BODY`, and parked:
    `empty`, `too_large`, `not_json` or `no_update_id`.
    """
    number, fault = _read_number(body)
    state = InboundUpdate.State.PARKED if fault else InboundUpdate.State.PENDING
    update = InboundUpdate(
        bot=bot, update_id=number, raw=body[:LONGEST_BODY], state=state, error=fault
    )
    with tx.change():
        _note_delivery(bot)
        _STORE.rows([update])
        if not fault:
            kick.task("sessions_app.drain_inbox", bot_id=bot.pk)
    return fault


def _read_number(body: bytes) -> tuple[int, str]:
    """The update's number, and what is wrong. One without a number gets one by its content: below
    zero, where Telegram has none, and the same when it is repeated."""
    if len(body) > LONGEST_BODY:
        found = NUMBER.match(body)
        return int(found[1]) if found else _made_up(body), "too_large"
    if not body.strip():
        return _made_up(body), "empty"
    try:
        update = json.loads(body)
    except (ValueError, RecursionError):
        return _made_up(body), "not_json"
    number = _usable_number(update)
    return (_made_up(body), "no_update_id") if number is None else (number, "")


def _made_up(body: bytes) -> int:
    return -1 - int.from_bytes(hashlib.sha256(body).digest()[:7])


def _note_delivery(bot: Bot) -> None:
    """Once a second is enough: deliveries of many chats at a time would wait for the bot's row."""
    moment = clock.now()
    if bot.last_update_at is None or moment - bot.last_update_at > NOTE_EVERY:
        row = Bot.objects.filter(pk=bot.pk, last_update_at=bot.last_update_at)
        row.update(last_read_at=moment, last_update_at=moment)


# ---------------------------------------------------------------- draining


def lock_inbox(bot_id: int) -> Bot | None:
    """The bot, its inbox locked until the change ends; None if somebody else drains it now."""
    with_bot = Inbox.objects.select_related("bot__project").only(*DRAINED_WITH)
    row = tx.lock(with_bot.filter(pk=bot_id), skip_locked=True).first()
    return row.bot if row else None


def hold(bots: Collection[int]) -> None:
    """Nobody drains these bots until the change ends; waits for who does now."""
    list(tx.lock(Inbox.objects.filter(pk__in=bots)))
    for bot_id in bots:  # who came meanwhile has been turned away
        kick.task("sessions_app.drain_inbox", bot_id=bot_id)


def due(bot: Bot, limit: int = AT_ONCE) -> list[InboundUpdate]:
    """The oldest updates to be drained now, by Telegram's number."""
    waiting = InboundUpdate.objects.filter(
        bot=bot, state=InboundUpdate.State.PENDING, due_at__lte=clock.now()
    )
    return list(waiting.order_by("update_id")[:limit])


def _locked_due(bot: Slot, moment: Slot) -> QuerySet[InboundUpdate]:
    waiting = _waiting(bot, moment).filter(bot__inbox__isnull=False)
    rows = waiting.select_related("bot__inbox", "bot__project").only(*DRAINED, *DRAINED_WITH)
    locked = tx.lock(rows, of="bot__inbox", skip_locked=True)
    return locked.order_by("update_id")[:AT_ONCE]


def _any_due(bot: Slot, moment: Slot) -> QuerySet[InboundUpdate]:
    return _waiting(bot, moment).only("pk")[:1]


def _waiting(bot: Slot, moment: Slot) -> QuerySet[InboundUpdate]:
    pending = InboundUpdate.State.PENDING
    return InboundUpdate.objects.filter(bot__pk=bot, state=pending, due_at__lte=moment)


_ASKED_BY = {"bot": Bot._meta.pk, "moment": InboundUpdate._meta.get_field("due_at")}
_LOCKED_DUE = Prebuilt(_locked_due, **_ASKED_BY)
_ANY_DUE = Prebuilt(_any_due, **_ASKED_BY)


def lock_due(bot_id: int) -> list[InboundUpdate]:
    """`lock_inbox` and `due` in one statement, each update with its bot; none if somebody else
    drains it now.

    The updates are as they were when the statement began: some that another drain finished just
    before the lock was free can be among them. `done` tells.
    """
    return _LOCKED_DUE.rows(bot=bot_id, moment=clock.now())


def is_due(bot_id: int) -> bool:
    """Whether anything is to be drained now, locked or not."""
    return bool(_ANY_DUE.rows(bot=bot_id, moment=clock.now()))


def done(ids: Sequence[int]) -> int:
    """These updates are drained; how many of them were not before."""
    if not ids:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(DONE.format(", ".join(["%s"] * len(ids))), ids)
        return int(cursor.rowcount)


def retry_later(update: InboundUpdate, error: object) -> bool:
    """Try the update again after 1, 5, 30, 120, 600 s; False if all tries are spent: park it."""
    if update.attempts >= len(RETRY_SECONDS):
        return False
    pause = timedelta(seconds=RETRY_SECONDS[update.attempts])
    update.attempts += 1
    update.due_at = clock.now() + pause
    update.error = _shortened(error)
    update.save(update_fields=["attempts", "due_at", "error"])
    return True


def park(update: InboundUpdate, error: object) -> None:
    """Give the update up. Its bytes are kept, and it can be replayed."""
    update.state = InboundUpdate.State.PARKED
    update.error = _shortened(error)
    update.save(update_fields=["state", "error"])


def forget(*, bots: Collection[int], number: int, is_meant: Callable[[bytes], bool]) -> None:
    """Empty the updates that hold this number and are meant: what Telegram sent is gone, drained or
    not, and a repeat of it is still known."""
    held = InboundUpdate.objects.filter(bot__in=bots).alias(
        place=_Position(F("raw"), Value(str(number).encode(), BinaryField()))
    )
    rows = held.filter(place__gt=0).only("raw").order_by("pk").iterator(500)
    keys = [row.pk for row in rows if is_meant(bytes(row.raw))]
    InboundUpdate.objects.filter(pk__in=keys).update(
        raw=b"", state=InboundUpdate.State.DONE, error=""
    )


class _Position(Func):
    """Where bytes begin within others, counted from 1; 0: nowhere."""

    output_field = IntegerField()
    function = "INSTR"

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "POSITION(%(expressions)s)"
        within, sought = self.get_source_expressions()
        turned = self.copy()
        turned.set_source_expressions([sought, within])
        return turned.as_sql(compiler, connection, template=template, arg_joiner=" IN ", **context)


def _shortened(error: object) -> str:
    return storable(str(error))[:ERROR_LENGTH]


def purge(limit: int) -> int:
    """Forget the oldest of what was drained long enough ago; how many rows.

    Telegram repeats an update for at most 24 h; messages themselves are known for ever by
    (bot, chat, message_id).
    """
    done = InboundUpdate.objects.filter(state=InboundUpdate.State.DONE)
    old = done.filter(received_at__lt=retention.before(hours=settings.UPDATE_HOURS))
    return retention.delete_some(old.order_by("received_at"), limit)
