"""How a bot does, for pages and alarms."""

import pytest

from bots.actions import bots, inbox, leases, outbox
from bots.models import Bot, OutboundCall
from bots.queries import health
from tests.factories import make_bot, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def bot():
    return make_bot(make_project())


def now(bot):
    bot.refresh_from_db()
    return health(bot)


def test_a_bot_that_nobody_has_read_yet(bot):
    state = now(bot)
    assert (state["state"], state["mode"], state["is_served"]) == ("ok", "polling", False)
    assert state["last_read_at"] is None
    assert state["inbox"] == {"pending": 0, "oldest_at": None, "parked": 0}
    assert state["outbox"] == {"queued": 0, "oldest_at": None, "uncertain": 0, "failed": 0}
    assert not state["is_failing"]


def test_it_is_served_while_its_lease_runs(bot, shift_clock):
    leases.take(holder="a")
    assert now(bot)["is_served"]
    shift_clock(11)
    assert not now(bot)["is_served"]


def test_it_fails_from_an_error_to_the_next_answer(bot, shift_clock):
    bots.note_error(bot=bot, error="\x00no" * 200)
    assert now(bot)["is_failing"]
    assert len(now(bot)["last_error"]) == 300
    shift_clock(1)
    inbox.store(bot_id=bot.pk, updates=[], next_offset=None, epoch=None)
    assert not now(bot)["is_failing"]
    shift_clock(1)
    bots.note_error(bot=bot, error="again")
    assert now(bot)["is_failing"]


def test_it_counts_what_waits_and_what_went_wrong(bot, shift_clock):
    inbox.store(
        bot_id=bot.pk, updates=[(1, b"{}"), (2, b"{}"), (3, b"{}")], next_offset=4, epoch=None
    )
    first, second, _ = inbox.due(bot)
    inbox.done([first.pk])
    inbox.park(second, "bad")
    calls = outbox.queue(bot=bot, chat_id=1, calls=[("sendMessage", {})] * 4, send_within_s=60)
    for call, state in zip(calls, ("failed", "uncertain", "sent", "queued"), strict=True):
        OutboundCall.objects.filter(pk=call.pk).update(state=state)
    state = now(bot)
    oldest = bot.updates.get(update_id=3).received_at
    assert state["inbox"] == {"pending": 1, "oldest_at": oldest, "parked": 1}
    assert state["outbox"] == {
        "queued": 1,
        "oldest_at": calls[3].created_at,
        "uncertain": 1,
        "failed": 1,
    }
    shift_clock(25 * 3600)
    assert (now(bot)["outbox"]["failed"], now(bot)["outbox"]["queued"]) == (0, 1)


def test_a_pause_shows_until_it_is_over(bot, shift_clock):
    assert now(bot)["paused_until"] is None
    Bot.objects.update(paused_until=bot.connected_at)
    assert now(bot)["paused_until"] is None
    shift_clock(-10)
    assert now(bot)["paused_until"] == bot.connected_at
