"""Updates: stored before they are confirmed to Telegram, drained in batches, retried, parked."""

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings

from bots.errors import LeaseLost
from bots.models import Bot, InboundUpdate, Inbox
from core import clock, kick, tx
from core.text import storable

RETRY_SECONDS = (1, 5, 30, 120, 600)
ERROR_LENGTH = InboundUpdate._meta.get_field("error").max_length


def numbered(updates: list[Any], expected: int) -> list[tuple[int, bytes]]:
    """Each update with its id and as bytes: `(update_id, ASCII JSON)`.

    ASCII, because a customer can make JSON hold NUL and lone surrogates. One without a usable id
    counts as the next in line, `expected` if it is the first: nothing that was sent is dropped.
    """
    rows = []
    for update in updates:
        number = update.get("update_id") if isinstance(update, dict) else None
        if type(number) is not int or not 0 <= number < 2**53:
            number = expected
        rows.append((number, json.dumps(update).encode("ascii")))
        expected = number + 1
    return rows


def store(
    *, bot_id: int, updates: list[tuple[int, bytes]], next_offset: int | None, epoch: int | None
) -> int:
    """Commit what was read together with the offset that will confirm it; how many were new.

    `epoch`: of the reader's lease, None for a webhook. Raises LeaseLost, and stores nothing, when
    another gateway has taken the bot since. An empty list records that Telegram answered.
    """
    with tx.change("inbox"):
        _note_read(bot_id, bool(updates), next_offset, epoch)
        known = _known(bot_id, updates)
        new = [
            InboundUpdate(bot_id=bot_id, update_id=number, raw=raw)
            for number, raw in dict(updates).items()
            if number not in known
        ]
        # a webhook may store the same update beside us
        InboundUpdate.objects.bulk_create(new, ignore_conflicts=True)
        if new:
            kick.task("sessions_app.drain_inbox", bot_id=bot_id)
    return len(new)


def _note_read(bot_id: int, has_news: bool, next_offset: int | None, epoch: int | None) -> None:
    moment = clock.now()
    changes: dict[str, Any] = {"last_read_at": moment}
    if has_news:
        changes["last_update_at"] = moment
    if next_offset is not None:
        changes["next_offset"] = next_offset
    row = Bot.objects.filter(pk=bot_id)
    if epoch is not None:
        row = row.filter(lease_epoch=epoch)
    if not row.update(**changes):
        raise LeaseLost(bot_id)


def _known(bot_id: int, updates: list[tuple[int, bytes]]) -> set[int]:
    numbers = [number for number, _ in updates]
    rows = InboundUpdate.objects.filter(bot_id=bot_id, update_id__in=numbers)
    return set(rows.values_list("update_id", flat=True)) if numbers else set()


def lock_inbox(bot_id: int) -> Bot | None:
    """The bot, its inbox locked until the change ends; None if somebody else drains it now."""
    if tx.lock(Inbox.objects.filter(pk=bot_id), skip_locked=True).first() is None:
        return None
    return Bot.objects.select_related("project").get(pk=bot_id)


def due(bot: Bot, limit: int = 300) -> list[InboundUpdate]:
    """The oldest updates to be drained now, by Telegram's number."""
    waiting = InboundUpdate.objects.filter(
        bot=bot, state=InboundUpdate.State.PENDING, due_at__lte=clock.now()
    )
    return list(waiting.order_by("update_id")[:limit])


def done(ids: Iterable[int]) -> None:
    InboundUpdate.objects.filter(pk__in=list(ids)).update(state=InboundUpdate.State.DONE, error="")


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


def _shortened(error: object) -> str:
    return storable(str(error))[:ERROR_LENGTH]


def purge(limit: int = 5000) -> int:
    """Forget the oldest of what was drained long enough ago; how many rows.

    Telegram repeats an update for at most 24 h; messages themselves are known for ever by
    (bot, chat, message_id).
    """
    before = clock.now() - timedelta(hours=settings.UPDATE_HOURS)
    old = InboundUpdate.objects.filter(state=InboundUpdate.State.DONE, received_at__lt=before)
    ids = list(old.order_by("received_at").values_list("pk", flat=True)[:limit])
    count, _ = InboundUpdate.objects.filter(pk__in=ids).delete()
    return count
