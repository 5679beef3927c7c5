"""Updates are stored once, drained in order, retried, parked, forgotten."""

import json
from datetime import timedelta

import pytest

from bots.actions import inbox
from bots.errors import LeaseLost
from bots.models import Bot, InboundUpdate
from bots.queries import bots_with_due_updates
from core import kick, tx
from tests.factories import make_bot, make_project
from tests.support.threads import together

pytestmark = pytest.mark.django_db

POISON = '{"update_id": 7, "text": "\\u0000 \\ud800", "\\udfff": [1e999, {"a": null}]}'


@pytest.fixture
def bot():
    return make_bot(make_project())


@pytest.fixture
def kicks(monkeypatch):
    sent = []
    monkeypatch.setattr(kick, "task", lambda name, **kwargs: sent.append((name, kwargs)))
    return sent


def store(bot, *numbers, epoch=None, next_offset=None):
    updates = [(number, b"{}") for number in numbers]
    inbox.store(bot_id=bot.pk, updates=updates, next_offset=next_offset, epoch=epoch)


def stored(bot):
    return list(bot.updates.order_by("update_id").values_list("update_id", flat=True))


def test_it_stores_updates_with_the_offset_that_confirms_them(bot, kicks):
    store(bot, 5, 6, epoch=0, next_offset=7)
    bot.refresh_from_db()
    assert stored(bot) == [5, 6]
    assert bot.next_offset == 7
    assert bot.last_update_at == bot.last_read_at
    assert kicks == [("sessions_app.drain_inbox", {"bot_id": bot.pk})]


def test_it_stores_an_update_once(bot, kicks):
    store(bot, 5, 6)
    inbox.done([bot.updates.get(update_id=6).pk])
    store(bot, 6, 7)
    assert stored(bot) == [5, 6, 7]
    assert [update.update_id for update in inbox.due(bot)] == [5, 7]


def test_it_stores_an_update_once_that_came_twice_in_one_read(bot):
    store(bot, 5, 5)
    assert stored(bot) == [5]


def test_it_keeps_the_same_number_of_two_bots_apart(bot):
    other = make_bot(make_project())
    store(bot, 5)
    store(other, 5)
    assert (stored(bot), stored(other)) == ([5], [5])


def test_an_empty_read_is_noted_and_kicks_nobody(bot, kicks):
    store(bot, epoch=0)
    bot.refresh_from_db()
    assert bot.last_read_at is not None
    assert (bot.last_update_at, bot.next_offset, kicks) == (None, 0, [])


@pytest.mark.parametrize("numbers", [(), (5,)])
def test_it_stores_nothing_for_one_who_has_lost_the_lease(bot, kicks, numbers):
    Bot.objects.update(lease_epoch=4)
    with pytest.raises(LeaseLost):
        store(bot, *numbers, epoch=3, next_offset=6)
    bot.refresh_from_db()
    assert (stored(bot), bot.next_offset, bot.last_read_at, kicks) == ([], 0, None, [])


def test_bytes_come_back_as_they_went_in(bot):
    [(number, raw)] = inbox.numbered([json.loads(POISON)], 0)
    inbox.store(bot_id=bot.pk, updates=[(number, raw)], next_offset=8, epoch=None)
    kept = bytes(InboundUpdate.objects.get(update_id=7).raw)
    assert json.loads(kept) == json.loads(POISON)
    assert kept.isascii()


@pytest.mark.parametrize(
    "odd", [{}, {"update_id": "8"}, {"update_id": True}, {"update_id": -1}, "text", None, [1]]
)
def test_an_update_without_a_number_takes_its_place_in_line(odd):
    rows = inbox.numbered([odd, {"update_id": 9}, odd], 5)
    assert [number for number, _ in rows] == [5, 9, 10]


def test_it_hands_out_what_is_due_by_number(bot):
    store(bot, 9, 7, 8)
    assert [update.update_id for update in inbox.due(bot)] == [7, 8, 9]
    assert [update.update_id for update in inbox.due(bot, limit=2)] == [7, 8]
    inbox.done([inbox.due(bot)[0].pk])
    assert [update.update_id for update in inbox.due(bot)] == [8, 9]


def test_it_is_tried_again_five_times_later_and_later(bot, shift_clock):
    store(bot, 5)
    for pause in (1, 5, 30, 120, 600):
        [update] = inbox.due(bot)
        assert inbox.retry_later(update, ValueError("\x00 no"))
        assert inbox.due(bot) == []
        assert bots_with_due_updates() == []
        shift_clock(pause)
        assert bots_with_due_updates() == [bot.pk]
    [update] = inbox.due(bot)
    assert not inbox.retry_later(update, "no")
    assert update.error == "\ufffd no"


def test_what_is_parked_is_kept_with_its_reason(bot):
    store(bot, 5)
    inbox.park(inbox.due(bot)[0], "x" * 1000)
    assert inbox.due(bot) == []
    assert InboundUpdate.objects.get().error == "x" * 500


def test_it_forgets_only_what_was_drained_long_ago(bot, shift_clock):
    store(bot, 1, 2, 3)
    first, second, third = inbox.due(bot)
    inbox.done([first.pk])
    inbox.park(second, "bad")
    shift_clock(timedelta(hours=71).total_seconds())
    assert inbox.purge(1000) == 0
    shift_clock(timedelta(hours=2).total_seconds())
    store(bot, 4)
    inbox.done([InboundUpdate.objects.get(update_id=4).pk])
    assert inbox.purge(1000) == 1
    assert stored(bot) == [2, 3, 4]


def test_an_inbox_is_locked_by_its_bot_and_one_that_is_gone_is_not(bot):
    with tx.change():
        assert inbox.lock_inbox(bot.pk) == bot
        assert inbox.lock_inbox(bot.pk + 1) is None


def test_it_locks_and_looks_at_once(bot):
    other = make_bot(make_project(name="Other"))
    store(other, 6)
    store(bot, 9, 7, 8)
    with tx.change():
        assert [update.update_id for update in inbox.lock_due(bot.pk)] == [7, 8, 9]
        [first, second, _] = inbox.lock_due(bot.pk)
        assert (first.bot, second.update_id) == (bot, 8)
        assert inbox.done([first.pk, second.pk]) == 2
        assert inbox.done([first.pk, second.pk]) == 0
        assert inbox.retry_later(inbox.lock_due(bot.pk)[0], "no")
        assert inbox.lock_due(bot.pk) == []


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_reads_are_stored_while_the_inbox_is_drained(bot):
    """The drain holds its lock until the other thread has stored and been turned away."""
    inbox_locked_elsewhere, due_elsewhere = [], []

    def other():
        inbox_locked_elsewhere.append(_locked(bot))
        store(bot, 5, epoch=0, next_offset=6)
        due_elsewhere.append(_due(bot))
        return stored(bot)

    with tx.change():
        assert inbox.lock_inbox(bot.pk)
        assert together(other) == [[5]]
    assert (inbox_locked_elsewhere, due_elsewhere) == ([None], [[]])
    assert _locked(bot) == bot
    assert len(_due(bot)) == 1


def _locked(bot):
    with tx.change():
        return inbox.lock_inbox(bot.pk)


def _due(bot):
    with tx.change():
        return inbox.lock_due(bot.pk)


@pytest.mark.django_db(transaction=True)
def test_two_who_store_the_same_updates_store_each_once(bot):
    together(*[lambda: tx.run(store, bot, *range(50))] * 4)
    assert stored(bot) == list(range(50))
