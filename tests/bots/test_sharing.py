"""Several gateways: each serves as many bots as the others, and a bot changes hands unharmed."""

import pytest

from bots.actions import leases, outbox
from bots.models import Bot, Holder, InboundUpdate, OutboundCall
from tests.factories import make_bot, make_project
from tests.support.telegram import gateway
from tests.support.waiting import until

SIX = 6


@pytest.fixture
def bots(telegram):
    bots = [make_bot(make_project()) for _ in range(SIX)]
    for bot in bots:
        telegram.add_bot(bot)
    return bots


def queue(bot, chat, text):
    call = ("sendMessage", {"chat_id": chat, "text": text})
    return outbox.queue(bot=bot, chat_id=chat, calls=[call], send_within_s=600)[0]


# ---------------------------------------------------------------- the share


@pytest.mark.django_db
def test_all_that_live_have_the_same_share(shift_clock):
    for _ in range(SIX):
        make_bot(make_project())
    assert leases.share(holder="a") == 6
    leases.renew(holder="a")
    leases.renew(holder="b")
    assert (leases.share(holder="a"), leases.share(holder="new")) == (3, 2)
    make_bot(make_project())
    assert leases.share(holder="a") == 4
    shift_clock(9)
    leases.renew(holder="a")
    shift_clock(2)
    assert leases.share(holder="a") == 7


@pytest.mark.django_db
def test_bots_that_nobody_can_serve_are_in_no_share():
    make_bot(make_project(), state=Bot.State.INVALID)
    assert leases.share(holder="a") == 0


@pytest.mark.django_db
def test_one_that_ends_in_good_order_is_counted_no_more():
    make_bot(make_project())
    leases.renew(holder="a")
    leases.release(holder="a")
    assert not Holder.objects.exists()


# ---------------------------------------------------------------- gateways


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("quick")
def test_one_that_comes_later_gets_its_share_and_nothing_is_lost(telegram, bots):
    people = {bot.pk: telegram.person(bot) for bot in bots}
    with gateway("a") as first:
        until(lambda: len(first.bots) == SIX)
        with gateway("b") as second:
            for number in range(3):
                for bot in bots:
                    telegram.says(people[bot.pk], bot, f"message {number}")
            until(lambda: (len(first.bots), len(second.bots)) == (3, 3))
            last = [(bot, telegram.says(people[bot.pk], bot, "last")) for bot in bots]
            for bot, number in last:
                telegram.wait_until_confirmed(bot, number)
            second.end()
            until(lambda: len(first.bots) == SIX)
    for bot, number in last:
        stored = InboundUpdate.objects.filter(bot=bot).order_by("update_id")
        assert list(stored.values_list("update_id", flat=True)) == list(
            range(number - 4, number + 1)
        )


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("quick")
def test_a_bot_is_handed_over_when_its_calls_have_ended(telegram, bots, settings):
    settings.SEND_SECONDS = 10.0
    people = {bot.pk: telegram.person(bot) for bot in bots}
    telegram.fault("slow", method="sendMessage", seconds=2)
    with gateway("a") as first:
        until(lambda: len(first.bots) == SIX)
        calls = [queue(bot, people[bot.pk], "hello") for bot in bots]
        until(lambda: OutboundCall.objects.filter(state="sending").count() == SIX)
        with gateway("b") as second:
            until(lambda: len(second.bots) == 3)
            outbox.recover()
            until(lambda: not OutboundCall.objects.filter(state="sending").exists())
    assert {call.state for call in OutboundCall.objects.all()} == {"sent"}
    assert [telegram.texts(bot) for bot in bots] == [["hello"]] * len(calls)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("quick")
def test_what_somebody_who_lives_does_not_take_is_taken_after_all(bots):
    """It says that it lives, and takes nothing: its share must not stay deaf."""
    Holder.objects.create(name="stuck", expires_at="2100-01-01T00:00:00Z")
    with gateway("a") as first:
        until(lambda: len(first.bots) == 3)
        until(lambda: Bot.objects.filter(lease_epoch__gte=1).count() == SIX, 30)
