"""The bot's page: how it does in every trouble that has a name, and how its updates come in."""

from datetime import timedelta

import pytest

from bots.models import Bot
from core import clock
from tests.factories import make_bot, make_company, make_member, make_project
from tests.support.api import browser

pytestmark = pytest.mark.django_db

PUBLIC = "http://127.0.0.1:9"
STRANGER = "https://elsewhere.example/hook"


@pytest.fixture
def project():
    return make_project(make_company("Acme"))


@pytest.fixture
def bot(telegram, project):
    moment = clock.now()
    bot = make_bot(
        project, last_read_at=moment, lease_expires_at=moment + timedelta(hours=1), name="Helper"
    )
    telegram.add_bot(bot)
    return bot


@pytest.fixture
def client(project):
    return browser(make_member(project.company, role="manager").user)


def page(client, project, part=""):
    answer = client.get(f"/console/projects/{project.public_id}/bot/{part}")
    assert answer.status_code == 200
    return answer


def post(client, project, action, **sent):
    path = f"/console/projects/{project.public_id}/bot/{action}/"
    answer = client.post(path, sent, follow=True)
    return [str(message) for message in answer.context["messages"]]


def mode_of(bot):
    bot.refresh_from_db()
    return bot.mode


@pytest.mark.parametrize(
    ("mode", "state", "look", "sentence", "advice"),
    [
        ("polling", "ok", "good", "reads, ", ""),
        ("polling", "invalid", "bad", "Telegram refuses its token", "@BotFather"),
        ("polling", "conflict", "bad", "another program reads this bot", "revoke the token"),
        ("polling", "elsewhere", "bad", "its webhook points elsewhere", "take it back"),
        ("polling", "deaf", "bad", "nothing has been read", "Does the gateway run"),
        ("webhook", "ok", "good", "has a webhook, ", ""),
        ("webhook", "elsewhere", "warn", "its webhook was changed", "It was set again"),
        ("webhook", "failing", "bad", "Telegram cannot deliver", "“Wrong response”"),
    ],
)
def test_each_trouble_has_a_name_and_a_way_out(
    client, project, bot, mode, state, look, sentence, advice
):
    before = bot.last_read_at - timedelta(seconds=1)
    Bot.objects.update(mode=mode, state=state, last_error="It is so.", last_error_at=before)
    Bot.objects.update(webhook_error="Wrong response")
    health = page(client, project).context["bot_health"]
    assert (health.look, health.sentence.startswith(sentence)) == (look, True)
    assert advice in health.detail
    assert sentence in page(client, project, "now/").content.decode()


def test_a_pause_by_telegram_is_shown(client, project, bot):
    Bot.objects.update(paused_until=clock.now() + timedelta(minutes=3))
    answer = page(client, project)
    assert "send nothing for" in answer.context["bot_health"].detail
    assert "paused by Telegram" in dict(answer.context["facts"])


def test_it_shows_what_telegram_says_of_the_webhook(client, project, bot):
    Bot.objects.update(
        mode="webhook",
        webhook_pending=3,
        webhook_error="Connection timed out",
        webhook_error_at=clock.now() - timedelta(seconds=70),
    )
    facts = dict(page(client, project).context["facts"])
    assert facts["waits at Telegram"] == "3 updates"
    assert facts["Telegram's last error"].startswith("Connection timed out, 1 min 1")


def test_it_goes_to_a_webhook_and_back(client, project, bot, settings):
    settings.PUBLIC_URL = PUBLIC
    assert PUBLIC in page(client, project).content.decode()
    assert post(client, project, "mode", mode="webhook") == ["Telegram delivers now."]
    assert mode_of(bot) == "webhook"
    assert post(client, project, "mode", mode="polling") == ["The gateway reads it now."]
    assert mode_of(bot) == "polling"


def test_without_an_address_it_says_why_there_is_no_webhook(client, project, bot):
    said = page(client, project).content.decode()
    assert "PUBLIC_URL" in said
    assert "Use a webhook" not in said
    [refusal] = post(client, project, "mode", mode="webhook")
    assert "PUBLIC_URL" in refusal
    assert mode_of(bot) == "polling"


def test_what_telegram_refuses_is_told(client, project, bot, telegram, settings):
    settings.PUBLIC_URL = PUBLIC
    telegram.fault("400", method="setWebhook", description="Bad Request: bad webhook")
    assert post(client, project, "mode", mode="webhook") == [
        "Telegram refused: Bad Request: bad webhook"
    ]
    assert mode_of(bot) == "polling"


def test_a_check_asks_telegram_at_once(client, project, bot, telegram):
    telegram.bot_call(bot, "setWebhook", url=STRANGER)
    assert post(client, project, "check") == ["Telegram was asked."]
    bot.refresh_from_db()
    assert bot.state == "elsewhere"
    assert "Take the bot back" in page(client, project, "now/").content.decode()
    post(client, project, "mode", mode="polling")
    bot.refresh_from_db()
    assert bot.state == "ok"


@pytest.mark.parametrize("mode", ["", "both"])
def test_a_mode_that_is_none_changes_nothing(client, project, bot, settings, mode):
    settings.PUBLIC_URL = PUBLIC
    post(client, project, "mode", mode="webhook")
    assert post(client, project, "mode", mode=mode) == ["Choose between polling and the webhook."]
    assert mode_of(bot) == "webhook"


@pytest.mark.parametrize("action", ["check", "mode"])
def test_without_a_bot_there_is_nothing_to_ask(client, project, action):
    assert post(client, project, action, mode="polling") == ["This project has no bot yet."]
    assert "Check now" not in page(client, project).content.decode()


def test_its_pages_hold_no_secret(client, project, bot, settings):
    settings.PUBLIC_URL = PUBLIC
    post(client, project, "mode", mode="webhook")
    webhook = bot.webhooks.get()
    for part in ("", "now/"):
        said = page(client, project, part).content.decode()
        assert not any(secret in said for secret in (bot.token, webhook.key, webhook.secret))
