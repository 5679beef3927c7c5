"""A dead gateway leaves no bot deaf: the clock reads what nobody has held for half a minute."""

import pytest

from bots import periodic
from bots.actions import leases, reading
from bots.models import Bot, OutboundCall
from core import retention, ticks
from projects.models import Project
from tests.factories import make_bot, make_project
from tests.support.telegram import gateway
from tests.support.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bot(telegram):
    bot = make_bot(make_project())
    telegram.add_bot(bot)
    return bot


def numbers(bot):
    return list(bot.updates.order_by("update_id").values_list("update_id", flat=True))


def test_its_jobs_are_on_the_clock():
    seconds = {name: job.seconds for name, job in ticks.jobs.items() if name.startswith("bots.")}
    assert seconds == {
        "bots.poll_unread": 15,
        "bots.watch": 15,
        "bots.find_deaf": 15,
        "bots.settle_calls": 5,
    }


def test_it_reads_a_bot_that_nobody_holds(telegram, bot, shift_clock):
    burst = telegram.post("updates/burst", bot=bot.telegram_id, people=2, messages=70)
    periodic.poll_unread()
    assert numbers(bot) == []
    shift_clock(30)
    periodic.poll_unread()
    assert numbers(bot) == burst["update_ids"]
    bot.refresh_from_db()
    assert (bot.next_offset, bot.lease_holder) == (burst["update_ids"][-1] + 1, "")


def test_it_confirms_at_the_next_round(telegram, bot, shift_clock):
    number = telegram.says(telegram.person(bot), bot, "hello")
    shift_clock(30)
    assert reading.read_unread() == 2
    assert telegram.states(bot)[number] == "handed_out"
    shift_clock(15)
    assert reading.read_unread() == 0
    assert telegram.states(bot)[number] == "confirmed"


def test_it_leaves_a_bot_alone_that_a_gateway_holds(telegram, bot, shift_clock):
    telegram.says(telegram.person(bot), bot, "hello")
    leases.take(holder="gateway")
    shift_clock(39)
    periodic.poll_unread()
    assert telegram.calls("getUpdates") == []
    shift_clock(2)
    periodic.poll_unread()
    assert len(numbers(bot)) == 2


def test_a_gateway_takes_such_a_bot_at_once(telegram, bot, shift_clock, quick):
    shift_clock(30)
    periodic.poll_unread()
    with gateway() as running:
        until(lambda: running.bots == {bot.pk})


def test_a_bot_with_a_webhook_is_not_read(telegram, bot, shift_clock):
    Bot.objects.update(mode=Bot.Mode.WEBHOOK)
    shift_clock(30)
    periodic.poll_unread()
    assert telegram.calls("getUpdates") == []


def test_one_bots_trouble_is_its_own(telegram, bot, shift_clock):
    refused, broken, contested = (make_bot(make_project()) for _ in range(3))
    for other in (refused, broken, contested):
        telegram.add_bot(other)
    for other, kind in ((refused, "401"), (broken, "502html"), (contested, "409")):
        telegram.fault(kind, method="getUpdates", bot=other.telegram_id, count=1)
    telegram.says(telegram.person(bot), bot, "hello")
    shift_clock(30)
    periodic.poll_unread()
    states = {found.pk: found.state for found in Bot.objects.all()}
    assert states == {
        bot.pk: Bot.State.OK,
        refused.pk: Bot.State.INVALID,
        broken.pk: Bot.State.OK,
        contested.pk: Bot.State.CONFLICT,
    }
    assert len(numbers(bot)) == 2
    assert Bot.objects.get(pk=broken.pk).last_error == "HTTP 502, no JSON"
    assert Project.objects.get(bot=refused).state == Project.State.BOT_INVALID
    shift_clock(15)
    periodic.poll_unread()
    assert Bot.objects.get(pk=contested.pk).state == Bot.State.OK


def test_the_clock_settles_calls_that_no_gateway_will(bot, told, shift_clock):
    queued = OutboundCall.objects.create(
        bot=bot, chat_id=1, method="sendMessage", params={}, send_before=bot.connected_at
    )
    sending = OutboundCall.objects.create(
        bot=bot, chat_id=2, method="sendMessage", params={}, state="sending", epoch=-1
    )
    periodic.settle_calls()
    assert sorted(told) == [
        (queued.pk, "failed", "too_late"),
        (sending.pk, "uncertain", "unknown"),
    ]


def test_the_clock_forgets_what_is_over(bot, shift_clock):
    bot.updates.create(update_id=1, raw=b"{}", state="done")
    bot.pauses.create(chat_id=1, until=bot.connected_at)
    shift_clock(73 * 3600)
    retention.purge()
    assert (bot.updates.count(), bot.pauses.count()) == (0, 0)
