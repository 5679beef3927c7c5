"""Polling and webhook with a gateway at work: no update is lost or stored twice, each bot alone."""

import pytest

from bots.actions import bots, outbox, watching, webhooks
from bots.models import Bot, OutboundCall
from tests.factories import make_bot, make_project
from tests.support.telegram import gateway
from tests.support.waiting import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quick")]


@pytest.fixture
def bot(telegram, settings, live_server):
    settings.PUBLIC_URL = live_server.url
    telegram.post("settings", webhook_retry_base=0.01)
    bot = make_bot(make_project())
    telegram.add_bot(bot)
    return bot


def row(bot):
    return Bot.objects.get(pk=bot.pk)


def stored(bot):
    return list(bot.updates.order_by("pk").values_list("update_id", flat=True))


def is_polled(telegram, bot):
    found = telegram.get("bots")["bots"]
    return next(one["is_polled"] for one in found if one["id"] == bot.telegram_id)


def passes(telegram, bot, person):
    number = telegram.says(person, bot, "hello")
    telegram.wait_until_confirmed(bot, number)
    assert number in stored(bot)


def sends(bot, person, text):
    call = ("sendMessage", {"chat_id": person, "text": text})
    [queued] = outbox.queue(bot=bot, chat_id=person, calls=[call], send_within_s=900)
    until(lambda: OutboundCall.objects.get(pk=queued.pk).state == "sent")


def test_it_is_read_and_sent_for_in_either_way_and_through_each_change(telegram, bot):
    person = telegram.person(bot)
    with gateway():
        passes(telegram, bot, person)
        for _ in range(2):
            webhooks.use_webhook(bot=row(bot), actor=None)
            passes(telegram, bot, person)
            sends(bot, person, "by webhook")
            until(lambda: not is_polled(telegram, bot))
            webhooks.use_polling(bot=row(bot), actor=None)
            passes(telegram, bot, person)
            until(lambda: is_polled(telegram, bot))
            sends(bot, person, "by polling")
    assert len(stored(bot)) == len(set(stored(bot))) == 6  # with the START
    assert (row(bot).state, row(bot).last_error) == ("ok", "")
    assert row(bot).lease_epoch == 1  # nothing that was being sent came into doubt


def test_a_gateway_serves_a_bot_that_has_a_webhook_and_never_polls_it(telegram, bot):
    person = telegram.person(bot)
    webhooks.use_webhook(bot=bot, actor=None)
    with gateway() as running:
        until(lambda: running.bots == {bot.pk})
        sends(bot, person, "hello")
        passes(telegram, bot, person)
    assert telegram.calls("getUpdates") == []


def test_updates_come_on_when_somebody_has_removed_the_webhook(telegram, bot):
    person = telegram.person(bot)
    webhooks.use_webhook(bot=bot, actor=None)
    passes(telegram, bot, person)
    telegram.bot_call(bot, "deleteWebhook")
    number = telegram.says(person, bot, "meanwhile")
    watching.check(bot=row(bot))
    telegram.wait_until_confirmed(bot, number)
    assert row(bot).state == "elsewhere"
    watching.check(bot=row(bot))
    assert row(bot).state == "ok"


def test_a_refused_and_a_disturbed_bot_leave_the_others_alone(telegram, bot):
    refused, disturbed, healthy = (make_bot(make_project()) for _ in range(3))
    for one in (refused, disturbed, healthy):
        telegram.add_bot(one)
    people = {one.pk: telegram.person(one) for one in (bot, refused, disturbed, healthy)}
    webhooks.use_webhook(bot=bot, actor=None)
    fresh = telegram.post(f"bots/{refused.telegram_id}/revoke")["token"]
    telegram.fault("409", bot=disturbed.telegram_id, method="getUpdates")
    with gateway():
        until(lambda: row(refused).state == "invalid")
        until(lambda: row(disturbed).state == "conflict")
        for one in (bot, healthy):
            passes(telegram, one, people[one.pk])
            sends(one, people[one.pk], "hello")
        sends(disturbed, people[disturbed.pk], "he is answered all the same")
        assert {row(one).state for one in (bot, healthy)} == {"ok"}
        bots.connect(project=refused.project, token=fresh, actor=None)
        passes(telegram, refused, people[refused.pk])
        assert row(refused).state == "ok"
