"""The address that Telegram delivers to: what is stored, what is parked, and who is turned away."""

import io
import json

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.db import DatabaseError, connection
from django.http import Http404
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bots import views
from bots.actions import inbox, webhooks
from bots.models import InboundUpdate, Webhook
from core import clock, kick, retention
from tests.factories import make_bot, make_project

pytestmark = pytest.mark.django_db

NOWHERE = "/telegram/nobody-knows-this-key/"


class Knocker:
    """Somebody who posts to a webhook as Telegram does, with its secret or another."""

    def __init__(self, webhook):
        self.path, self.secret = f"/telegram/{webhook.key}/", webhook.secret
        self.browser = Client(enforce_csrf_checks=True)

    def post(self, body, path=None, **headers):
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.secret} | headers
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.browser.post(
            path or self.path, data, content_type="application/json", headers=headers
        )


@pytest.fixture
def bot():
    return make_bot(make_project(), mode="webhook")


@pytest.fixture
def webhook(bot):
    return Webhook.objects.create(
        bot=bot, key="the-key", digest=Webhook.digest_of("the-key"), secret="the-secret"
    )


@pytest.fixture
def telegram(webhook):
    return Knocker(webhook)


@pytest.fixture
def kicked(monkeypatch):
    tasks = []
    monkeypatch.setattr(kick, "task", lambda name, **fields: tasks.append((name, fields)))
    return tasks


def rows():
    found = InboundUpdate.objects.order_by("update_id")
    return [(row.update_id, row.state, row.error) for row in found]


# ---------------------------------------------------------------- what Telegram sends


def test_it_stores_the_bytes_as_they_came_and_has_them_drained(telegram, bot, kicked):
    body = '{"update_id": 7,  "message": {"text": "\\ud800 \\u0000 Gr\u00fc\u00dfe"}}'.encode()
    assert telegram.post(body).status_code == 200
    update = InboundUpdate.objects.get()
    assert (update.bot, update.update_id, bytes(update.raw)) == (bot, 7, body)
    assert kicked == [("sessions_app.drain_inbox", {"bot_id": bot.pk})]
    bot.refresh_from_db()
    assert bot.last_update_at == bot.last_read_at is not None


def test_what_is_delivered_again_is_stored_once(telegram):
    for _ in range(3):
        assert telegram.post({"update_id": 7}).status_code == 200
    assert rows() == [(7, "pending", "")]


def test_what_was_polled_already_is_stored_once(telegram, bot):
    inbox.store(bot_id=bot.pk, updates=[(7, b"{}")], next_offset=8, epoch=None)
    assert telegram.post({"update_id": 7}).status_code == 200
    assert rows() == [(7, "pending", "")]


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"hello", "not_json"),
        (b'{"update_id": 7', "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"[" * 100_000, "not_json"),
        (b'{"update_id": ' + b"9" * 5000 + b"}", "not_json"),
        (b"[]", "no_update_id"),
        (b"null", "no_update_id"),
        (b'{"message": {}}', "no_update_id"),
        (b'{"update_id": true}', "no_update_id"),
        (b'{"update_id": "7"}', "no_update_id"),
        (b'{"update_id": -7}', "no_update_id"),
        (b'{"update_id": 9007199254740992}', "no_update_id"),
    ],
)
def test_what_is_no_update_is_kept_and_parked(telegram, kicked, body, fault):
    assert telegram.post(body).status_code == 200
    assert telegram.post(body).status_code == 200
    [(number, state, error)] = rows()
    assert (state, error) == ("parked", fault)
    assert number < 0  # where Telegram has none
    assert bytes(InboundUpdate.objects.get().raw) == body
    assert kicked == []


def test_two_that_are_no_updates_are_both_kept(telegram):
    telegram.post(b"one")
    telegram.post(b"two")
    assert len(rows()) == 2


@pytest.mark.parametrize("start", [b'{"update_id": 7, "x": "', b'{"x": "'])
def test_one_that_is_too_large_is_cut_and_parked(telegram, start):
    assert telegram.post(start + b"x" * inbox.LONGEST_BODY + b'"}').status_code == 200
    [(number, state, error)] = rows()
    assert (state, error) == ("parked", "too_large")
    assert number == 7 if b"update_id" in start else number < 0
    assert len(InboundUpdate.objects.get().raw) == inbox.LONGEST_BODY


def test_one_of_just_the_longest_size_is_an_update_like_any_other(telegram):
    start, end = b'{"update_id": 7, "x": "', b'"}'
    filling = b"x" * (inbox.LONGEST_BODY - len(start) - len(end))
    assert telegram.post(start + filling + end).status_code == 200
    assert rows() == [(7, "pending", "")]


def test_it_asks_the_database_three_times_at_most(telegram):
    clock.now()  # which asks for the time every 15 s, whoever calls
    for number in range(2):
        with CaptureQueriesContext(connection) as asked:
            telegram.post({"update_id": number})
        questions = [one["sql"] for one in asked if "SAVEPOINT" not in one["sql"]]
        assert len(questions) <= 3, questions
        assert not any("django_session" in question for question in questions)


@pytest.mark.parametrize("where", ["bots.views.webhooks.find", "bots.views.inbox.receive"])
def test_telegram_is_to_repeat_what_could_not_be_stored(telegram, monkeypatch, where):
    def fail(*words, **fields):
        raise DatabaseError("gone")

    monkeypatch.setattr(where, fail)
    answer = telegram.post({"update_id": 7})
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert rows() == []


# ---------------------------------------------------------------- who is turned away


def unread(path, secret=""):
    """A POST whose body must not be touched."""

    class Untouchable(io.BytesIO):
        def read(self, *sizes):
            raise AssertionError("the body was read")

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [(b"x-telegram-bot-api-secret-token", secret.encode())],
    }
    return ASGIRequest(scope, Untouchable())


@pytest.mark.parametrize(
    "secret", ["", "wrong", "the-secre", "the-secrets", "THE-SECRET", "\xff\u0100"]
)
def test_a_wrong_secret_is_answered_like_an_address_that_does_not_exist(telegram, secret):
    missing = telegram.post({"update_id": 7}, NOWHERE)
    wrong = telegram.post({"update_id": 7}, **{"X-Telegram-Bot-Api-Secret-Token": secret})
    other = telegram.post({"update_id": 7}, "/there/is/nothing/")
    assert missing.status_code == wrong.status_code == other.status_code == 404
    assert missing.content == wrong.content
    named = {"X-Request-ID": None}  # each answer's own
    assert {**missing.headers, **named} == {**wrong.headers, **named}
    assert rows() == []


@pytest.mark.parametrize("path", [NOWHERE, "/telegram/the-key/"])
def test_what_a_stranger_sends_is_not_read(webhook, path):
    with pytest.raises(Http404):
        views.webhook(unread(path, "wrong"), path.split("/")[2])


@pytest.mark.parametrize("method", ["get", "put", "delete", "head", "options"])
def test_another_method_tells_a_stranger_nothing(telegram, method):
    assert getattr(telegram.browser, method)(telegram.path).status_code == 404
    known = {"X-Telegram-Bot-Api-Secret-Token": telegram.secret}
    answer = getattr(telegram.browser, method)(telegram.path, headers=known)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


def test_an_address_that_ended_is_gone(telegram, webhook, shift_clock):
    webhooks._end(Webhook.objects.all())
    assert telegram.post({"update_id": 1}).status_code == 200
    shift_clock(webhooks.OVERLAP.total_seconds() + 1)
    assert telegram.post({"update_id": 2}).status_code == 404
    retention.purge()
    assert not Webhook.objects.exists()


def test_neither_key_nor_secret_stands_in_the_table(webhook):
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM bots_webhook")
        row = str(cursor.fetchall())
    assert "the-key" not in row
    assert "the-secret" not in row
