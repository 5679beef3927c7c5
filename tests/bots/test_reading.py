"""The gateway reads: stored before confirmed, whatever Telegram does, each bot for itself."""

import json

import pytest
from django.db import OperationalError

from bots.actions import bots, inbox
from bots.models import Bot, InboundUpdate
from projects.models import Project
from tests.factories import make_bot, make_project
from tests.support.telegram import gateway
from tests.support.waiting import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quick")]


@pytest.fixture
def bot(telegram):
    bot = make_bot(make_project())
    telegram.add_bot(bot)
    return bot


def stored(bot):
    return list(bot.updates.order_by("pk").values_list("update_id", flat=True))


def state_of(bot):
    bot.refresh_from_db()
    return bot.state


def polls(telegram, bot):
    """Those that were answered: one that waits is not in the journal yet."""
    return telegram.calls("getUpdates", bot=bot.telegram_id)


def passes(telegram, bot, text="hello"):
    """Somebody writes, and it is stored and confirmed; the update's number."""
    number = telegram.says(telegram.person(bot), bot, text)
    telegram.wait_until_confirmed(bot, number)
    return number


def test_it_stores_and_then_confirms(telegram, bot):
    person = telegram.person(bot)
    with gateway():
        number = telegram.says(person, bot, "hello")
        telegram.wait_until_confirmed(bot, number)
    assert stored(bot) == [number - 1, number]
    assert json.loads(bytes(InboundUpdate.objects.last().raw))["message"]["text"] == "hello"
    bot.refresh_from_db()
    assert bot.next_offset == number + 1
    assert bot.last_update_at is not None


def test_it_asks_for_the_kinds_we_know_and_for_no_others(telegram, bot):
    with gateway():
        passes(telegram, bot)
    call = polls(telegram, bot)[0]
    kinds = json.loads(call["params"]["allowed_updates"])
    assert kinds == ["message", "edited_message", "callback_query", "my_chat_member"]


def test_it_reads_a_backlog_of_many_batches_in_order(telegram, bot):
    burst = telegram.post("updates/burst", bot=bot.telegram_id, people=5, messages=50)
    with gateway():
        telegram.wait_until_confirmed(bot, burst["update_ids"][-1])
    assert stored(bot) == burst["update_ids"]


def test_it_stores_what_telegram_repeats_once(telegram, bot):
    person = telegram.person(bot)
    with gateway():
        first = telegram.says(person, bot, "once")
        telegram.wait_until_confirmed(bot, first)
        telegram.post("updates/redeliver", bot=bot.telegram_id, update_id=first)
        second = telegram.says(person, bot, "next")
        telegram.wait_until_confirmed(bot, second)
    assert stored(bot) == [first - 1, first, second]


def test_it_follows_numbers_that_begin_anew(telegram, bot):
    person = telegram.person(bot)
    with gateway():
        telegram.wait_until_confirmed(bot, telegram.says(person, bot, "old"))
        telegram.post("updates/restart-ids", bot=bot.telegram_id, next_id=5)
        telegram.wait_until_confirmed(bot, telegram.says(person, bot, "new"))
    assert stored(bot)[-1] == 5
    bot.refresh_from_db()
    assert bot.next_offset == 6


@pytest.mark.parametrize(
    "poison",
    [
        '{"message": {"text": "\\u0000\\ud800"}, "\\udc00": 1e999}',
        '{"unheard_of": {"chat": "no chat"}}',
        '{"message": null}',
        '{"message": ' + '{"a":' * 300 + "1" + "}" * 300 + "}",
        '{"message": {"message_id": ' + "9" * 400 + "}}",
        "{}",
    ],
)
def test_an_update_of_any_shape_is_stored_and_holds_up_nobody(telegram, bot, poison):
    person = telegram.person(bot)
    odd = telegram.post("updates/raw", bot=bot.telegram_id, raw=poison)["update_id"]
    with gateway():
        number = telegram.says(person, bot, "after")
        telegram.wait_until_confirmed(bot, number)
    kept = json.loads(bytes(InboundUpdate.objects.get(update_id=odd).raw))
    assert kept == json.loads(poison) | {"update_id": odd}
    assert stored(bot)[-1] == number


@pytest.mark.parametrize("poison", ['"text"', "[1, 2]", "null", '{"update_id": "x"}'])
def test_an_update_without_a_number_is_stored_and_holds_up_nobody(telegram, bot, poison):
    person = telegram.person(bot)
    telegram.post("updates/raw", bot=bot.telegram_id, raw=poison)
    with gateway():
        number = telegram.says(person, bot, "after")
        telegram.wait_until_confirmed(bot, number)
    kept = [bytes(update.raw) for update in InboundUpdate.objects.order_by("pk")]
    assert json.loads(kept[1]) == json.loads(poison)
    assert b"after" in kept[2]


def test_a_conflict_is_named_and_heals_by_itself(telegram, bot):
    telegram.fault("409", method="getUpdates", count=3)
    with gateway():
        until(lambda: state_of(bot) == Bot.State.CONFLICT)
        assert "other getUpdates request" in bot.last_error
        passes(telegram, bot)
        until(lambda: state_of(bot) == Bot.State.OK)


def test_a_webhook_set_by_somebody_else_is_a_conflict(telegram, bot):
    with gateway():
        passes(telegram, bot)
        hook = {"url": "http://127.0.0.1:8443/hook"}
        telegram.bot_call(bot, "setWebhook", **hook)
        until(lambda: state_of(bot) == Bot.State.CONFLICT)
        assert "webhook" in bot.last_error.lower()
        telegram.bot_call(bot, "deleteWebhook")
        passes(telegram, bot)
        until(lambda: state_of(bot) == Bot.State.OK)


def test_a_refused_token_stops_that_bot_alone(telegram, bot):
    healthy = make_bot(make_project())
    telegram.add_bot(healthy)
    telegram.fault("401", method="getUpdates", bot=bot.telegram_id)
    with gateway() as running:
        until(lambda: state_of(bot) == Bot.State.INVALID)
        passes(telegram, healthy)
        until(lambda: running.bots == {healthy.pk})
        assert len(polls(telegram, bot)) == 1
    assert state_of(healthy) == Bot.State.OK
    assert Project.objects.get(bot=bot).state == Project.State.BOT_INVALID
    assert Project.objects.get(bot=healthy).state == Project.State.ACTIVE


def test_a_bot_with_a_new_token_is_read_again(telegram, bot):
    with gateway():
        passes(telegram, bot)
        token = telegram.post(f"bots/{bot.telegram_id}/revoke")["token"]
        until(lambda: state_of(bot) == Bot.State.INVALID)
        bots.connect(project=bot.project, token=token, actor=None)
        passes(telegram, bot)
    assert state_of(bot) == Bot.State.OK


def test_a_token_replaced_while_it_works_is_used(telegram, bot):
    with gateway():
        passes(telegram, bot)
        token = telegram.post(f"bots/{bot.telegram_id}/revoke")["token"]
        bots.connect(project=bot.project, token=token, actor=None)
        passes(telegram, bot)
    assert state_of(bot) == Bot.State.OK


def test_it_obeys_a_429(telegram, bot):
    telegram.fault("429", method="getUpdates", count=1, retry_after=2)
    with gateway():
        passes(telegram, bot)
    struck, following = polls(telegram, bot)[:2]
    assert struck["fault"] == "429"
    assert following["started_at"] - struck["at"] >= 2


@pytest.mark.parametrize(
    "kind", ["500", "502html", "empty", "cut_body", "cut_before", "403", "400"]
)
def test_it_carries_on_after_any_other_trouble(telegram, bot, kind):
    person = telegram.person(bot)
    number = telegram.says(person, bot, "hello")
    telegram.fault(kind, method="getUpdates", count=2)
    with gateway():
        telegram.wait_until_confirmed(bot, number)
    assert stored(bot) == [number - 1, number]
    assert state_of(bot) == Bot.State.OK
    assert bot.last_error
    assert bot.last_read_at > bot.last_error_at


def test_it_carries_on_after_telegram_was_away(telegram, bot):
    with gateway():
        passes(telegram, bot)
        telegram.fault("refuse", seconds=1)
        until(lambda: "ClientConnectorError" in Bot.objects.get().last_error)
        number = until(lambda: _sent(telegram, bot))
        telegram.wait_until_confirmed(bot, number)
    assert stored(bot)[-1] == number


def _sent(telegram, bot):
    try:
        return telegram.says(telegram.person(bot), bot, "hello")
    except OSError:
        return None


def test_what_cannot_be_stored_is_not_confirmed(telegram, bot, monkeypatch):
    monkeypatch.setattr(
        inbox, "_note_read", fails(OperationalError("gone"), inbox._note_read, times=3)
    )
    person = telegram.person(bot)
    number = telegram.says(person, bot, "hello")
    with gateway():
        telegram.wait_until_confirmed(bot, number)
    assert stored(bot) == [number - 1, number]


def fails(error, function, times):
    left = [error] * times

    def wrapped(*args):
        if left:
            raise left.pop()
        return function(*args)

    return wrapped
