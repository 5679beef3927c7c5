"""Who serves a bot: one at a time, told apart by the epoch."""

from datetime import timedelta

import pytest

from bots.actions import leases
from bots.errors import LeaseLost
from bots.models import Bot
from core import clock, tx
from tests.factories import make_bot, make_project
from tests.support.threads import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def bot():
    return make_bot(make_project())


def take(holder="a", **options):
    return leases.take(holder=holder, **options)


def test_it_takes_what_nobody_serves(bot):
    [taken] = take()
    assert (taken, taken.lease_holder, taken.lease_epoch) == (bot, "a", 1)
    assert taken.token == bot.token


def test_it_leaves_what_somebody_serves(bot, shift_clock):
    take("a")
    assert take("b") == []
    shift_clock(9)
    assert take("b") == []
    shift_clock(1.1)
    [taken] = take("b")
    assert taken.lease_epoch == 2


def test_it_keeps_what_it_renews(bot, shift_clock):
    take("a")
    for _ in range(4):
        shift_clock(5)
        assert set(leases.renew(holder="a")) == {bot.pk}
    assert take("b") == []


def test_it_learns_by_renewing_what_it_has_lost(bot, shift_clock):
    take("a")
    shift_clock(11)
    take("b")
    assert leases.renew(holder="a") == {}


def test_a_refused_token_is_not_held_and_not_taken(bot):
    take("a")
    Bot.objects.update(state=Bot.State.INVALID)
    assert leases.renew(holder="a") == {}
    leases.release(holder="a")
    assert take("b") == []


def test_one_who_starts_again_under_the_same_name_takes_over_at_once(bot):
    take("a")
    assert take("a", besides=[bot.pk]) == []
    [again] = take("a")
    assert again.lease_epoch == 2


def test_what_is_released_is_free_at_once(bot):
    take("a")
    leases.release(holder="b")
    assert take("b") == []
    leases.release(holder="a")
    assert take("b") == [bot]


def test_it_asks_for_what_was_unheld_for_a_while(bot, shift_clock):
    half_a_minute = timedelta(seconds=30)
    assert take(unheld_for=half_a_minute) == []  # connected just now
    shift_clock(30)
    assert take(unheld_for=half_a_minute) == [bot]
    leases.release(holder="a")
    assert take(unheld_for=half_a_minute) == []
    shift_clock(30)
    assert take(unheld_for=half_a_minute) == [bot]


def test_an_old_holder_is_told(bot, shift_clock):
    [old] = take("a")
    leases.confirm(bot=old)
    shift_clock(11)
    take("b")
    with pytest.raises(LeaseLost):
        leases.confirm(bot=old)


def test_few_bots_at_once_are_new_to_telegram(bot):
    known = make_bot(make_project(), last_read_at=clock.now() - timedelta(minutes=50))
    make_bot(make_project(), last_read_at=clock.now() - timedelta(minutes=70))
    assert take("a", new_limit=0) == [known]
    assert len(take("b", new_limit=1)) == 1
    assert len(take("c", new_limit=5)) == 1


def test_the_longest_unserved_comes_first(bot, shift_clock):
    never = make_bot(make_project())
    take("a", besides=[never.pk])
    other = make_bot(make_project())
    shift_clock(1)
    take("b", besides=[never.pk])
    shift_clock(20)
    order = [take("c", limit=1)[0], take("d", limit=1)[0], take("e", limit=1)[0]]
    assert order == [bot, other, never]


@pytest.mark.django_db(transaction=True)
def test_of_many_who_take_at_once_each_bot_has_one_holder():
    wanted = {make_bot(make_project()).pk for _ in range(10)}
    names = "abcd"
    taken = together(*[lambda name=name: tx.run(take, name) for name in names])
    for name, bots in zip(names, taken, strict=True):
        assert {bot.pk for bot in bots} == set(leases.renew(holder=name))
    assert sorted(bot.pk for bots in taken for bot in bots) == sorted(wanted)
