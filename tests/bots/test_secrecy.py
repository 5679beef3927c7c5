"""A token is in no exception, no log line and no text of an object."""

import logging
import traceback

import pytest

from bots import wire
from bots.actions import bots
from bots.client import Telegram
from bots.models import Bot
from core.errors import DeliveryError, Refusal
from tests.factories import make_bot, make_project
from tests.support.servers import free_port
from tests.support.telegram import BOT_ID, TOKEN
from tests.support.telegram import gateway as running_gateway
from tests.support.waiting import until

SECRET = TOKEN.partition(":")[2]
KINDS = ["401", "429", "500", "502html", "empty", "cut_body", "cut_before", "cut_after"]


def text_of(error):
    """Everything a handler of exceptions might print, suppressed context and locals aside."""
    seen = []
    while error is not None:
        seen += [str(error), repr(error), repr(error.args), *traceback.format_exception(error)]
        error = error.__cause__ or error.__context__
    return "\n".join(seen)


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.DEBUG)
    yield caplog
    # the test's own records: its text holds those of the fixtures' end by now
    told = "\n".join(caplog.handler.format(one) for one in caplog.get_records("call"))
    assert SECRET not in told


@pytest.mark.parametrize("kind", KINDS)
def test_a_synchronous_call_that_fails_does_not_quote_it(telegram, log, kind):
    telegram.add_bot()
    telegram.fault(kind, method="getMe", count=1)
    with pytest.raises((DeliveryError, Refusal)) as failed:
        wire.get_me(TOKEN)
    assert SECRET not in text_of(failed.value)


def test_a_synchronous_call_that_cannot_connect_does_not_quote_it(settings, log):
    settings.TELEGRAM_API_BASE = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(DeliveryError) as failed:
        wire.get_me(TOKEN)
    assert SECRET not in text_of(failed.value)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_gateways_call_that_fails_does_not_quote_it(telegram, log, kind):
    telegram.add_bot()
    telegram.fault(kind, method="getMe", count=1)
    client = Telegram()
    with pytest.raises(DeliveryError) as failed:
        await client.call(TOKEN, "getMe", {})
    await client.close()
    assert SECRET not in text_of(failed.value)


async def test_a_gateways_call_that_cannot_connect_does_not_quote_it(settings, log):
    settings.TELEGRAM_API_BASE = f"http://127.0.0.1:{free_port()}"
    client = Telegram()
    with pytest.raises(DeliveryError) as failed:
        await client.call(TOKEN, "getMe", {})
    await client.close()
    assert failed.value.code == "unreachable"
    assert SECRET not in text_of(failed.value)


@pytest.mark.parametrize("token", ["1:a", TOKEN + " ", f"{BOT_ID}:" + SECRET * 9])
async def test_a_token_that_aiogram_refuses_is_not_quoted(telegram, log, token):
    client = Telegram()
    with pytest.raises(DeliveryError) as failed:
        await client.call(token, "getMe", {})
    await client.close()
    assert SECRET not in text_of(failed.value)


@pytest.mark.django_db
def test_a_bot_does_not_show_it(telegram):
    bot = make_bot(make_project(), token=TOKEN)
    assert SECRET not in f"{bot} {bot!r}"
    telegram.add_bot()
    with pytest.raises(Refusal) as refused:
        bots.connect(project=make_project(), token="9" + TOKEN, actor=None)
    assert SECRET not in text_of(refused.value)


@pytest.mark.django_db(transaction=True)
def test_a_gateway_in_trouble_logs_and_keeps_no_token(telegram, quick, log):
    bot = make_bot(make_project(), telegram_id=BOT_ID, token=TOKEN)
    telegram.add_bot(bot)
    for kind in ("429", "500", "502html", "cut_before", "401"):
        telegram.fault(kind, method="getUpdates", count=1)
    with running_gateway():
        until(lambda: Bot.objects.filter(state=Bot.State.INVALID).exists())
    assert "no JSON" in log.text
    bot.refresh_from_db()
    assert bot.last_error == "Unauthorized"
