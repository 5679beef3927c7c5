"""Draining a bot's inbox in natural batches: one update at low load, hundreds under a burst."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db import IntegrityError, InterfaceError, OperationalError

from bots.actions import inbox
from bots.models import Bot, InboundUpdate
from core import clock, ending, kick, tx
from sessions_app import telegram
from sessions_app.actions import dry_runs, routing
from sessions_app.actions.intake import Intake, Item
from sessions_app.telegram import Blocked, Ignored, Trial, Unreadable

log = logging.getLogger(__name__)

DRAIN = timedelta(seconds=20)
# The database's and no update's: everything is done again.
TROUBLE = (InterfaceError, OperationalError)
EARLY = "an edit whose original is not here yet"

# Of this process: who drains a bot now, and of which bots another look was asked for.
_turns: dict[int, threading.Lock] = {}
_asked: set[int] = set()


@dataclass
class Batch:
    """What one transaction takes in."""

    bot: Bot
    size: int
    opened: int = 0
    trials: list[int] = field(default_factory=list)


def drain(bot_id: int, *, deadline: datetime | None = None) -> int:
    """Take in everything that is due for the bot; how many updates that was.

    Ends at the deadline (by default in 20 s) and then kicks itself again. Returns at once if
    somebody else drains this bot: he looks again after his commit, so nothing is forgotten. Within
    one process that costs no transaction: under load most kicks come while a drain is at work.
    """
    deadline = deadline or clock.now() + DRAIN
    turn = _turns.setdefault(bot_id, threading.Lock())
    count = 0
    _asked.add(bot_id)  # first: whoever has the turn looks here when he has given it back
    while bot_id in _asked and turn.acquire(blocking=False):
        try:
            count += _take_due(bot_id, deadline)
        finally:
            turn.release()
        if _is_over(deadline):
            if inbox.is_due(bot_id):
                kick.task("sessions_app.drain_inbox", bot_id=bot_id)
            break
    return count


def _take_due(bot_id: int, deadline: datetime) -> int:
    """Batch after batch. Whoever asked before a look is served by it."""
    count, is_due = 0, True
    while is_due:
        _asked.discard(bot_id)
        batch = tx.run(_take_batch, bot_id)
        if batch is None:
            break
        count += batch.size
        if batch.opened:
            _route(batch.bot.project_id)
        for key in batch.trials:
            _decide(key)
        _asked.discard(bot_id)
        # Asked when the lock is gone: somebody may have come and been turned away meanwhile.
        is_due = inbox.is_due(bot_id) and not _is_over(deadline)
    return count


def _is_over(deadline: datetime) -> bool:
    return clock.now() >= deadline or ending.has_begun()


def _route(project_id: int) -> None:
    """In a transaction of its own: a fault there never holds back a message."""
    try:
        tx.run(routing.route_project, project_id=project_id, trigger="opened")
    except Exception:
        log.exception("routing after a drain failed; the sweep comes back to it")


def _decide(key: int) -> None:
    """As _route: whoever has asked sees that nothing was decided."""
    try:
        tx.run(dry_runs.decide, key)
    except Exception:
        log.exception("a dry run was not decided")


class Stale(Exception):
    """Another drain has finished some of these updates since they were looked for."""


def _take_batch(bot_id: int) -> Batch | None:
    """What is due, in one transaction. In as few statements as it takes if all is new and nobody
    else drains; if that fails, step by step, with savepoints and a look for known messages."""
    try:
        return _take_at_once(bot_id)
    except TROUBLE:
        raise
    except Exception:
        return _take_carefully(bot_id)


def _take_at_once(bot_id: int) -> Batch | None:
    with tx.change("drain"):
        updates = inbox.lock_due(bot_id)
        if not updates:
            return None
        batch = Batch(updates[0].bot, size=len(updates))
        items = _sort_out(batch, updates)
        if items:
            _take_items(batch, items, hopeful=True)
        return batch


def _take_carefully(bot_id: int) -> Batch | None:
    with tx.change("drain"):
        bot = inbox.lock_inbox(bot_id)
        if bot is None:
            return None
        updates = inbox.due(bot)
        batch = Batch(bot, size=len(updates))
        items = _sort_out(batch, updates)
        if items:
            _take_or_halve(batch, items)
        return batch


def _sort_out(batch: Batch, updates: Sequence[InboundUpdate]) -> list[Item]:
    """Those about a person; the others are done or parked."""
    items: list[Item] = []
    ignored: list[int] = []
    trials: list[str] = []
    for update in updates:
        parsed = telegram.parse(bytes(update.raw))
        if isinstance(parsed, Ignored | Trial):
            ignored.append(update.pk)
            trials += [parsed.name] if isinstance(parsed, Trial) else []
        elif parsed.sender is None:
            inbox.park(update, parsed.error)
        else:
            items.append(Item(update, parsed.sender, parsed))
    inbox.done(ignored)
    if trials:
        batch.trials = dry_runs.take(batch.bot, trials)
    return items


def _take_items(batch: Batch, items: Sequence[Item], *, hopeful: bool = False) -> None:
    intake = Intake(batch.bot, items, hopeful=hopeful)
    intake.run()
    early = {item.update.pk for item in intake.early}
    is_all = _finish([item for item in items if item.update.pk not in early])
    if hopeful and not is_all:
        raise Stale
    for item in intake.early:
        _later_or_park(batch.bot, item, EARLY)
    batch.opened += len(intake.opened)


def _take_or_halve(batch: Batch, items: Sequence[Item]) -> None:
    """All in one savepoint; if that fails by halves, until the bad one stands alone."""
    try:
        with tx.change():
            _take_items(batch, items)
    except TROUBLE:
        raise
    except Exception as error:
        if len(items) == 1:
            _take_alone(batch, items[0], error)
            return
        middle = len(items) // 2
        _take_or_halve(batch, items[:middle])
        _take_or_halve(batch, items[middle:])


def _finish(items: Sequence[Item]) -> bool:
    """Whether all that are done were not before."""
    for item in items:
        if isinstance(item.news, Unreadable):
            inbox.park(item.update, item.news.error)
    read = [item.update.pk for item in items if not isinstance(item.news, Unreadable)]
    return inbox.done(read) == len(read)


def _take_alone(batch: Batch, item: Item, error: Exception) -> None:
    """A session that was reopened meanwhile can be seen by now: that one looks again at once."""
    if isinstance(error, IntegrityError):
        try:
            with tx.change():
                _take_items(batch, [item])
            return
        except IntegrityError as again:
            error = again
    log.warning("update %s of bot %s: %s", item.update.pk, batch.bot.pk, type(error).__name__)
    _later_or_park(batch.bot, item, f"{type(error).__name__}: {error}")


def _later_or_park(bot: Bot, item: Item, error: str) -> None:
    """After 1, 5, 30, 120, 600 s; then never again, and people see that something was there."""
    if inbox.retry_later(item.update, error):
        return
    _show_placeholder(bot, item, error)
    inbox.park(item.update, error)


def _show_placeholder(bot: Bot, item: Item, error: str) -> None:
    if isinstance(item.news, Blocked | Unreadable):
        return
    opens = item.news.opens
    message_id = item.news.message_id if opens else None  # an edit's original may still come
    news = Unreadable(error, item.sender, message_id, opens)
    try:
        with tx.change():
            Intake(bot, [replace(item, news=news)]).run()
    except TROUBLE:
        raise
    except Exception:
        log.exception("update %s of bot %s has no placeholder", item.update.pk, bot.pk)
