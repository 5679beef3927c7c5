"""Delivery to webhooks, and how it is set up."""

import json
import threading

import pytest

from tests.support import waiting


@pytest.fixture
def person(telegram):
    telegram.post("/settings", webhook_retry_base=0.01)
    return telegram.customer()


def is_confirmed(telegram, update_id):
    return telegram.states()[update_id] == "confirmed"


def test_it_delivers_with_the_secret(telegram, person, receiver):
    telegram.call("setWebhook", url=receiver.url, secret_token="se_cret-1")
    update_id = telegram.says(person, "hello")
    waiting.until(lambda: is_confirmed(telegram, update_id))
    assert receiver.received[0]["update_id"] == update_id
    assert receiver.secrets == ["se_cret-1"]


def test_it_delivers_what_waited_before(telegram, person, receiver):
    update_id = telegram.says(person, "early")
    telegram.call("setWebhook", url=receiver.url)
    waiting.until(lambda: is_confirmed(telegram, update_id))
    assert (receiver.texts(), receiver.secrets) == (["early"], [None])


def test_it_repeats_until_it_is_taken_and_says_what_went_wrong(telegram, person, receiver):
    receiver.reply = lambda update: (500 if len(receiver.received) < 4 else 200, "")
    telegram.call("setWebhook", url=receiver.url)
    update_id = telegram.says(person, "again")
    waiting.until(lambda: is_confirmed(telegram, update_id))
    assert receiver.texts() == ["again"] * 4
    info = telegram.call("getWebhookInfo")
    assert (
        info["last_error_message"] == "Wrong response from the webhook: 500 Internal Server Error"
    )
    assert info["last_error_date"] > 0
    assert info["pending_update_count"] == 0


@pytest.mark.slow
def test_it_waits_longer_each_time_and_as_long_as_it_is_told(telegram, person, receiver):
    """At once, after 1, 2 and 4 bases; with the header as long as that says, every time."""
    telegram.post("/settings", webhook_retry_base=0.2)
    receiver.reply = lambda update: (503 if len(receiver.received) < 5 else 200, "")
    telegram.call("setWebhook", url=receiver.url)
    first = telegram.says(person, "ladder")
    waiting.until(lambda: is_confirmed(telegram, first))
    pauses = receiver.pauses()
    assert pauses[1] >= 0.2
    assert pauses[2] >= 0.4
    assert pauses[3] >= 0.8
    receiver.forget()
    receiver.reply = lambda update: (503 if len(receiver.received) < 3 else 200, "")
    telegram.post("/settings", webhook_retry_base=100)
    receiver.headers = {"Retry-After": "1"}
    second = telegram.says(person, "told")
    waiting.until(lambda: is_confirmed(telegram, second))
    assert all(pause >= 1 for pause in receiver.pauses())


def test_it_opens_no_more_connections_than_it_was_allowed(telegram, receiver):
    people = [telegram.customer() for _ in range(6)]
    receiver.hold = threading.Event()
    telegram.call("setWebhook", url=receiver.url, max_connections=2)
    numbers = [telegram.says(person, "hello") for person in people]
    waiting.until(lambda: len(receiver.received) == 2)
    receiver.hold.set()
    waiting.until(lambda: all(is_confirmed(telegram, number) for number in numbers))
    assert receiver.most_at_once == 2


def test_it_holds_a_chat_and_no_other(telegram, person, receiver):
    other = telegram.customer()
    refused = {"one"}
    receiver.reply = lambda update: (503 if update["message"]["text"] in refused else 200, "")
    telegram.call("setWebhook", url=receiver.url)
    telegram.says(person, "one")
    two = telegram.says(person, "two")
    telegram.says(other, "somebody else")
    waiting.until(lambda: "somebody else" in receiver.texts())
    waiting.until(lambda: receiver.texts().count("one") > 2)
    assert "two" not in receiver.texts()
    refused.clear()
    waiting.until(lambda: is_confirmed(telegram, two))
    texts = [text for text in receiver.texts() if text != "somebody else"]
    assert texts == ["one"] * (len(texts) - 1) + ["two"]


def test_it_lets_a_block_overtake_a_message(telegram, person, receiver):
    receiver.reply = lambda update: (503 if "message" in update else 200, "")
    telegram.call("setWebhook", url=receiver.url)
    held = telegram.says(person, "held")
    blocked = telegram.act(person, "block")["update_id"]
    waiting.until(lambda: is_confirmed(telegram, blocked))
    assert not is_confirmed(telegram, held)


def test_it_carries_out_a_call_in_the_answer(telegram, person, receiver):
    receiver.reply = lambda update: (
        200,
        json.dumps({"method": "sendMessage", "chat_id": person, "text": "by answer"}),
    )
    telegram.call("setWebhook", url=receiver.url)
    telegram.says(person, "hello")
    telegram.get("/wait-for", journal_method="sendMessage", text="by answer")
    assert telegram.texts(person)[-1] == "by answer"


@pytest.mark.parametrize("method", ["deleteWebhook", "setWebhook", "getMe"])
def test_it_does_not_carry_out_every_call_in_an_answer(telegram, person, receiver, method):
    receiver.reply = lambda update: (200, json.dumps({"method": method}))
    telegram.call("setWebhook", url=receiver.url)
    update_id = telegram.says(person, "hello")
    waiting.until(lambda: is_confirmed(telegram, update_id))
    assert telegram.call("getWebhookInfo")["url"] == receiver.url
    assert [entry for entry in telegram.journal(method=method) if not entry["params"]] == []


def test_it_forgets_the_webhook_with_the_token(telegram, receiver):
    telegram.call("setWebhook", url=receiver.url)
    fresh = telegram.post(f"/bots/{telegram.bot}/revoke")["token"]
    assert telegram.raw("getWebhookInfo").status_code == 401
    assert telegram.raw("getWebhookInfo", fresh).json()["result"]["url"] == ""


def test_it_keeps_updates_for_polling_once_the_webhook_is_gone(telegram, person, receiver):
    receiver.reply = lambda update: (500, "")
    telegram.call("setWebhook", url=receiver.url)
    update_id = telegram.says(person, "not taken")
    waiting.until(lambda: receiver.texts())
    telegram.call("deleteWebhook")
    assert [update["update_id"] for update in telegram.poll()] == [update_id]


def test_it_drops_what_waits_if_asked(telegram, person, receiver):
    telegram.says(person, "dropped")
    telegram.call("deleteWebhook", drop_pending_updates=True)
    assert telegram.poll() == []
    telegram.says(person, "dropped too")
    telegram.call("setWebhook", url=receiver.url, drop_pending_updates=True)
    kept = telegram.says(person, "kept")
    waiting.until(lambda: is_confirmed(telegram, kept))
    assert receiver.texts() == ["kept"]


def test_it_tells_how_the_webhook_is_set(telegram, receiver):
    assert telegram.call("getWebhookInfo")["url"] == ""
    telegram.call("setWebhook", url=receiver.url, max_connections=7, allowed_updates=["message"])
    info = telegram.call("getWebhookInfo")
    assert (info["url"], info["max_connections"]) == (receiver.url, 7)
    assert info["allowed_updates"] == ["message"]
    telegram.call("setWebhook", url="")
    assert telegram.call("getWebhookInfo")["url"] == ""


@pytest.mark.parametrize(
    ("params", "description"),
    [
        ({"url": "http://example.org/x"}, "An HTTPS URL must be provided for webhook"),
        ({"url": "https://example.org:81/x"}, "can be set up only on ports 80, 88, 443 or 8443"),
        ({"url": "nonsense"}, "invalid webhook URL specified"),
        ({"url": "http://127.0.0.1:99999/"}, "invalid webhook URL specified"),
        ({"url": "http://127.0.0.1/", "secret_token": "a b"}, "contains unallowed characters"),
        ({"url": "http://127.0.0.1/", "secret_token": "x" * 257}, "contains unallowed characters"),
    ],
)
def test_it_refuses_webhooks_telegram_would(telegram, params, description):
    code, said = telegram.error("setWebhook", **params)
    assert (code, description in said) == (400, True)


def test_it_never_leaves_the_machine(telegram, person):
    telegram.call("setWebhook", url="https://example.org/hook")
    telegram.says(person, "stays here")
    info = waiting.until(lambda: failed_info(telegram))
    assert (info["last_error_message"], info["pending_update_count"]) == ("Connection refused", 1)


def failed_info(telegram):
    info = telegram.call("getWebhookInfo")
    return info if "last_error_message" in info else None


def test_it_forges_updates_with_any_secret(telegram, receiver):
    telegram.call("setWebhook", url=receiver.url, secret_token="right")
    receiver.reply = lambda update: (403, "")
    answer = telegram.post("/webhooks/forge", bot=telegram.bot, secret="wrong", update={"a": 1})
    telegram.post("/webhooks/forge", bot=telegram.bot)
    assert answer == {"status": 403}
    assert receiver.secrets == ["wrong", None]
    assert receiver.received[0] == {"a": 1}
    telegram.post("/webhooks/forge", bot=telegram.bot, knows_secret=True, raw='{"b": 2}')
    assert (receiver.secrets[2], receiver.received[2]) == ("right", {"b": 2})
    both = {"raw": "{}", "update": {}}
    assert "only one" in telegram.refused("/webhooks/forge", bot=telegram.bot, **both)
    telegram.call("deleteWebhook")
    assert "no webhook" in telegram.refused("/webhooks/forge", bot=telegram.bot)
