"""Switching between polling and webhook, and putting right what others change at Telegram."""

import pytest

from accounts.models import AuditEntry
from bots import periodic, wire
from bots.actions import bots, reading, watching, webhooks
from bots.models import ALLOWED_UPDATES, Bot, Webhook
from bots.queries import health
from core.errors import Refusal
from live.models import Event
from tests.factories import make_bot, make_project, make_user
from tests.support.waiting import until

pytestmark = pytest.mark.django_db

PUBLIC = "http://127.0.0.1:9"  # nobody listens there
STRANGER = "https://elsewhere.example/hook"


@pytest.fixture
def bot(telegram, settings):
    settings.PUBLIC_URL = PUBLIC
    telegram.post("settings", webhook_retry_base=0.01)
    bot = make_bot(make_project())
    telegram.add_bot(bot)
    return bot


@pytest.fixture
def hooked(bot):
    webhooks.use_webhook(bot=bot, actor=None)
    bot.refresh_from_db()
    return bot


def info(bot):
    return wire.get_webhook_info(bot.token)


def checked(bot):
    """The bot after it was watched: (state, last error)."""
    watching.check(bot=Bot.objects.get(pk=bot.pk))
    bot.refresh_from_db()
    return bot.state, bot.last_error


def refusal_of(action, bot):
    with pytest.raises(Refusal) as refused:
        action(bot=bot, actor=None)
    assert refused.value.__context__ is None
    bot.refresh_from_db()
    return refused.value.code


# ---------------------------------------------------------------- switching


def test_it_sets_a_webhook_up_with_a_key_and_a_secret_of_its_own(telegram, bot):
    alice = make_user("Alice")
    webhooks.use_webhook(bot=bot, actor=alice)
    bot.refresh_from_db()
    webhook = Webhook.objects.get()
    assert (bot.mode, info(bot).url) == ("webhook", f"{PUBLIC}/telegram/{webhook.key}/")
    assert webhook.confirmed_at is not None
    assert bot.token not in info(bot).url
    [call] = telegram.calls("setWebhook")
    assert call["params"]["secret_token"] == webhook.secret != webhook.key
    assert call["params"]["allowed_updates"] == list(ALLOWED_UPDATES)
    entry = AuditEntry.objects.get(verb="bot.webhook")
    assert (entry.actor, entry.target) == (alice, str(bot))
    assert Event.objects.filter(kind="project.changed").exists()


def test_each_set_up_makes_new_ones_and_the_old_ones_end_a_little_later(bot, hooked, shift_clock):
    old = Webhook.objects.get()
    webhooks.use_webhook(bot=hooked, actor=None)
    new = Webhook.objects.get(ends_at=None)
    assert (new.key, new.secret) != (old.key, old.secret)
    assert webhooks.find(old.key) == old
    shift_clock(webhooks.OVERLAP.total_seconds() + 1)
    assert webhooks.find(old.key) is None
    assert webhooks.find(new.key) == new


def test_back_to_polling_it_takes_the_webhook_away_and_keeps_what_waits(telegram, hooked):
    number = telegram.says(telegram.person(hooked), hooked, "hello")
    Bot.objects.update(next_offset=number + 1000)
    webhooks.use_polling(bot=hooked, actor=None)
    hooked.refresh_from_db()
    assert (hooked.mode, hooked.next_offset, info(hooked).url) == ("polling", 0, "")
    assert telegram.states(hooked)[number] != "confirmed"
    assert webhooks.find(Webhook.objects.get().key)  # deliveries on their way are taken


def test_without_an_address_of_ours_there_is_no_webhook(telegram, bot, settings):
    settings.PUBLIC_URL = ""
    assert refusal_of(webhooks.use_webhook, bot) == "no_public_url"
    assert bot.mode == "polling"
    assert telegram.calls("setWebhook") == []


@pytest.mark.parametrize("kind", ["400", "500", "cut_before"])
def test_it_is_polled_still_if_telegram_does_not_take_the_webhook(telegram, bot, kind):
    telegram.fault(kind, method="setWebhook")
    assert refusal_of(webhooks.use_webhook, bot) == "telegram_refused"
    assert bot.mode == "polling"


@pytest.mark.parametrize("kind", ["400", "500", "cut_before", "cut_after"])
def test_it_keeps_its_webhook_if_telegram_does_not_say_that_it_is_gone(telegram, hooked, kind):
    telegram.fault(kind, method="deleteWebhook", count=1)
    assert refusal_of(webhooks.use_polling, hooked) == "telegram_refused"
    assert hooked.mode == "webhook"
    checked(hooked)
    assert info(hooked).url.startswith(PUBLIC)


def test_a_webhook_that_was_set_though_nobody_heard_of_it_is_taken_away_again(telegram, bot):
    telegram.fault("cut_after", method="setWebhook")
    assert refusal_of(webhooks.use_webhook, bot) == "telegram_refused"
    assert info(bot).url.startswith(PUBLIC)
    Bot.objects.update(state="conflict")  # as the gateway's next read finds
    checked(bot)
    assert info(bot).url == ""


# ---------------------------------------------------------------- watching


def test_all_is_well(hooked):
    assert checked(hooked) == ("ok", "")
    assert hooked.last_read_at is not None
    assert Webhook.objects.count() == 1


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "Telegram had no webhook for this bot any more."),
        (STRANGER, "The webhook pointed to elsewhere.example."),
        (f"{PUBLIC}/telegram/other/", "The webhook pointed to 127.0.0.1."),
    ],
)
def test_what_others_changed_is_set_again_and_said(telegram, hooked, url, reason):
    telegram.bot_call(hooked, "setWebhook", url=url)
    assert checked(hooked) == ("elsewhere", reason)
    assert info(hooked).url == webhooks.address_of(Webhook.objects.get(ends_at=None))
    assert AuditEntry.objects.filter(verb="bot.elsewhere").count() == 1
    assert checked(hooked) == ("ok", reason)
    assert not health(hooked)["is_failing"]


def test_it_says_what_telegram_says_of_failing_deliveries(telegram, hooked):
    telegram.says(telegram.person(hooked), hooked, "hello")
    until(lambda: info(hooked).last_error)
    assert checked(hooked) == ("failing", "Connection refused")
    assert (hooked.webhook_pending, hooked.webhook_error) == (2, "Connection refused")
    assert hooked.webhook_error_at is not None


def test_an_old_error_of_telegram_is_no_trouble(telegram, hooked, shift_clock):
    telegram.says(telegram.person(hooked), hooked, "hello")
    until(lambda: info(hooked).last_error)
    shift_clock(watching.RECENT.total_seconds() + 60)
    assert checked(hooked)[0] == "ok"


def test_one_that_fails_for_long_is_set_up_anew(telegram, hooked):
    """Somebody who has the token can keep the address and change the secret."""
    old = Webhook.objects.get()
    address = webhooks.address_of(old)
    telegram.bot_call(hooked, "setWebhook", url=address, secret_token="stolen")
    telegram.says(telegram.person(hooked), hooked, "hello")
    until(lambda: info(hooked).last_error)
    checked(hooked)
    assert info(hooked).url == address
    Webhook.objects.update(confirmed_at=old.created_at - watching.TIRED)
    checked(hooked)
    assert info(hooked).url == webhooks.address_of(Webhook.objects.get(ends_at=None)) != address


def test_a_refused_token_stops_it_and_a_new_one_of_the_same_bot_brings_it_back(telegram, hooked):
    fresh = telegram.post(f"bots/{hooked.telegram_id}/revoke")["token"]
    assert checked(hooked)[0] == "invalid"
    periodic.watch()  # nobody asks with a token that is refused
    assert Bot.objects.get().state == "invalid"
    bots.connect(project=hooked.project, token=fresh, actor=None)
    periodic.watch()
    hooked.refresh_from_db()
    assert (hooked.state, hooked.mode) == ("ok", "webhook")
    assert info(hooked).url.startswith(PUBLIC)


def test_without_an_address_of_ours_it_says_so(hooked, settings):
    settings.PUBLIC_URL = ""
    assert checked(hooked) == ("failing", "PUBLIC_URL is not set.")


def test_a_new_address_of_ours_is_told_to_telegram(hooked, settings):
    settings.PUBLIC_URL = "http://localhost:9"
    assert checked(hooked)[0] == "elsewhere"
    assert info(hooked).url.startswith("http://localhost:9/telegram/")


def test_it_asks_about_each_bot_once_a_round(telegram, hooked, shift_clock):
    periodic.watch()  # it was set up a moment ago
    assert telegram.calls("getWebhookInfo") == []
    shift_clock(watching.WATCH_SECONDS)
    periodic.watch()
    periodic.watch()
    assert len(telegram.calls("getWebhookInfo")) == 1


def test_one_bots_trouble_is_its_own(telegram, hooked, shift_clock):
    others = [make_bot(make_project()) for _ in range(3)]
    for other in others:
        telegram.add_bot(other)
        webhooks.use_webhook(bot=other, actor=None)
    telegram.post(f"bots/{hooked.telegram_id}/revoke")
    telegram.bot_call(others[0], "setWebhook", url=STRANGER)
    telegram.fault("500", bot=others[1].telegram_id)
    shift_clock(watching.WATCH_SECONDS)
    periodic.watch()
    states = [Bot.objects.get(pk=one.pk).state for one in [hooked, *others]]
    assert states == ["invalid", "elsewhere", "ok", "ok"]


# ---------------------------------------------------------------- polls that a webhook disturbs


def test_a_strangers_webhook_on_a_polled_bot_is_shown_and_left_alone(telegram, bot, shift_clock):
    telegram.bot_call(bot, "setWebhook", url=STRANGER)
    shift_clock(30)
    assert reading.read_unread() == 0
    assert Bot.objects.get().state == "conflict"
    assert checked(bot) == ("elsewhere", "The webhook pointed to elsewhere.example.")
    assert info(bot).url == STRANGER
    shift_clock(15)
    reading.read_unread()
    assert Bot.objects.get().state == "elsewhere"


def test_a_person_takes_the_bot_back(telegram, bot):
    telegram.bot_call(bot, "setWebhook", url=STRANGER)
    Bot.objects.update(state="elsewhere")
    bot.refresh_from_db()
    webhooks.use_polling(bot=bot, actor=None)
    bot.refresh_from_db()
    assert (bot.state, info(bot).url) == ("ok", "")


def test_it_is_over_when_the_stranger_takes_his_webhook_away(telegram, bot):
    Bot.objects.update(state="elsewhere")
    assert checked(bot)[0] == "ok"


# ---------------------------------------------------------------- deaf bots


def test_a_bot_of_which_nothing_is_read_is_called_deaf_and_heard_again(bot, settings, shift_clock):
    Bot.objects.update(last_read_at=bot.connected_at)
    periodic.find_deaf()
    assert Bot.objects.get().state == "ok"
    shift_clock(settings.DEAF_SECONDS + 1)
    periodic.find_deaf()
    assert Bot.objects.get().state == "deaf"
    assert AuditEntry.objects.filter(verb="bot.deaf").count() == 1
    reading.read_unread()
    periodic.find_deaf()
    assert Bot.objects.get().state == "ok"


def test_a_bot_whose_trouble_has_a_name_keeps_it(bot, settings, shift_clock):
    Bot.objects.update(state="conflict")
    shift_clock(settings.DEAF_SECONDS + 1)
    periodic.find_deaf()
    assert Bot.objects.get().state == "conflict"
