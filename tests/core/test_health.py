"""/healthz and /readyz: what each fault looks like to whoever watches."""

from concurrent.futures import Executor, Future
from threading import Event
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client

from bots.actions import bots as bot_actions
from bots.actions import inbox, leases, outbox
from bots.models import Bot, InboundUpdate, OutboundCall
from core import clock, health, kick, ticks
from core.errors import DeliveryError
from core.http import client_address
from core.tasks import tick
from sessions_app.models import RoutingAttempt
from tests.factories import make_bot, make_project, make_session
from tests.support.servers import free_port
from tgstaff.beat import TickScheduler
from tgstaff.celery import app as celery

pytestmark = pytest.mark.django_db

TOKEN = "for-the-one-who-watches"


class AtOnce(Executor):
    """Asks in the test's own thread, which sees the test's own rows."""

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(function(*args, **kwargs))
        return future


@pytest.fixture(autouse=True)
def fresh(monkeypatch, settings):
    """Every question is answered anew; the one who asks may see figures."""
    monkeypatch.setattr(health, "KEPT_SECONDS", -1)
    monkeypatch.setattr(health._report, "threads", AtOnce())
    monkeypatch.setattr("core.tx.close_old_connections", lambda: None)  # the test's own
    monkeypatch.setattr(kick._sender(), "dropped_at", float("-inf"))  # by a test before
    settings.METRICS_TOKEN = TOKEN


@pytest.fixture
def bot():
    return make_bot(make_project())


def readyz(**headers: str) -> tuple[int, dict[str, Any]]:
    headers.setdefault("Authorization", f"Bearer {TOKEN}")
    answer = Client().get("/readyz", headers=headers)
    return answer.status_code, answer.json()


def part(name: str) -> dict[str, Any]:
    parts: dict[str, Any] = readyz()[1]["parts"]
    found: dict[str, Any] = parts[name]
    return found


def live_on() -> None:
    """All processes have just said that they are there, and every job has just run."""
    ticks.run_overdue()
    for name in ticks.PROCESSES:
        ticks.alive(name)


def test_all_is_well():
    live_on()
    status, said = readyz()
    assert (status, said["state"]) == (200, "ok")
    assert {one["state"] for one in said["parts"].values()} == {"ok"}
    assert set(said["parts"]) == set(health.parts)


@pytest.mark.parametrize("process", ticks.PROCESSES)
def test_a_dead_process(process, shift_clock):
    live_on()
    shift_clock(15)
    for name in set(ticks.PROCESSES) - {process}:
        ticks.alive(name)
    found = part("processes")
    assert found["state"] == "trouble"
    assert found[f"{process}_s"] >= 15
    assert [name for name in ticks.PROCESSES if found[f"{name}_s"] > found["limits"]["beat_s"]] == [
        process
    ]


def test_each_process_says_that_it_is_alive(monkeypatch):
    """The gateway by its clock, the worker by its tasks, beat by its own ticking."""
    monkeypatch.setattr(ticks, "jobs", {})
    assert ticks.silences() == dict.fromkeys(ticks.PROCESSES)
    ticks.run_overdue()
    assert ticks.silences()["gateway"] is not None
    ticks.every(60, "test.job")(lambda: None)
    tick("test.job")
    assert ticks.silences()["worker"] is not None
    monkeypatch.setattr(TickScheduler, "apply_entry", lambda *args, **kwargs: None)
    TickScheduler(celery).tick()
    assert None not in ticks.silences().values()


def test_beat_goes_on_without_a_database(monkeypatch):
    monkeypatch.setattr(TickScheduler, "apply_entry", lambda *args, **kwargs: None)
    monkeypatch.setattr(ticks, "alive", no_database)
    assert TickScheduler(celery).tick() >= 0


def no_database(*args: object) -> None:
    raise DatabaseError("gone")


def test_clocks_that_run_no_job(shift_clock):
    live_on()
    assert part("jobs")["overdue"] == 0
    shift_clock(60)
    found = part("jobs")
    assert found["state"] == "trouble"
    assert found["overdue"] == len(ticks.overdue())
    assert "sessions_app.sweep" in ticks.overdue()


def test_a_dead_redis(settings):
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    live_on()
    status, said = readyz()
    assert (status, said["state"]) == (200, "degraded")
    assert said["parts"]["redis"] == {"state": "silent", "error": "ConnectionError"}


def test_a_redis_that_is_there(settings, redis_url):
    settings.REDIS_URL = redis_url
    assert part("redis")["state"] == "ok"


def test_a_dead_database(monkeypatch):
    monkeypatch.setitem(
        health.parts, "database", health.Part("database", no_database, {}, needs_rows=True)
    )
    status, said = readyz()
    assert (status, said["state"]) == (503, "down")
    silent = {name for name, one in said["parts"].items() if one["state"] == "silent"}
    assert silent == {name for name, one in health.parts.items() if one.needs_rows}


def test_a_database_that_hangs_is_not_waited_for(monkeypatch):
    ending = Event()
    monkeypatch.setattr(health, "_report", health._Report())
    monkeypatch.setattr(health, "ANSWER_SECONDS", 0.05)
    hanging = health.Part("database", lambda: {"s": float(ending.wait(30))}, {}, needs_rows=True)
    monkeypatch.setitem(health.parts, "database", hanging)
    try:
        status, said = readyz()
        assert status == 503
        assert said["parts"]["database"]["error"] == "no answer in time"
    finally:
        ending.set()


def test_a_moved_clock(shift_clock):
    assert part("clock")["state"] == "ok"
    shift_clock(60)
    found = part("clock")
    assert found["state"] == "trouble"
    assert 59 < found["skew_s"] < 61


class TestBots:
    def test_one_that_no_gateway_serves(self, bot, shift_clock):
        leases.take(holder="a")
        inbox.store(bot_id=bot.pk, updates=[], next_offset=None, epoch=None)
        assert part("bots")["state"] == "ok"
        shift_clock(11)
        found = part("bots")
        assert (found["state"], found["unserved"]) == ("trouble", 1)

    def test_one_that_is_deaf(self, bot, shift_clock):
        for _ in range(9):
            shift_clock(11)
            leases.take(holder="a")
        found = part("bots")
        assert (found["state"], found["unserved"]) == ("trouble", 0)
        assert found["unread_s"] > 90

    @pytest.mark.parametrize("state", sorted(set(Bot.State.values) - {"ok"}))
    def test_one_in_a_state_of_trouble(self, bot, state):
        bot_actions.set_state(bot=bot, state=state, error="no")
        found = part("bots")
        assert (found["state"], found[state]) == ("trouble", 1)

    def test_one_that_telegram_does_not_answer(self, bot):
        bot_actions.note_error(bot=bot, error=str(DeliveryError("unknown", "HTTP 502")))
        found = part("bots")
        assert (found["state"], found["erring"]) == ("trouble", 1)
        inbox.store(bot_id=bot.pk, updates=[], next_offset=None, epoch=None)
        assert part("bots")["erring"] == 0


class TestInbox:
    @pytest.fixture(autouse=True)
    def update(self, bot):
        inbox.store(bot_id=bot.pk, updates=[(1, b"{}")], next_offset=2, epoch=None)
        return InboundUpdate.objects.get()

    def test_one_that_grows(self, shift_clock):
        assert part("inbox") | {"oldest_s": 0} == {
            "state": "ok",
            "pending": 1,
            "parked": 0,
            "parked_today": 0,
            "oldest_s": 0,
        }
        shift_clock(31)
        assert part("inbox")["state"] == "trouble"

    def test_one_with_an_update_given_up(self, update, shift_clock):
        inbox.park(update, "no")
        found = part("inbox")
        assert (found["state"], found["parked_today"], found["pending"]) == ("trouble", 1, 0)
        shift_clock(86_401)
        found = part("inbox")
        assert (found["state"], found["parked"]) == ("ok", 1)


class TestOutbox:
    @pytest.fixture(autouse=True)
    def call(self, bot):
        (call,) = outbox.queue(bot=bot, chat_id=5, calls=[("sendMessage", {})], send_within_s=900)
        return call

    def test_one_that_is_stuck(self, shift_clock):
        assert (part("outbox")["state"], part("outbox")["waiting"]) == ("ok", 1)
        shift_clock(61)
        assert part("outbox")["state"] == "trouble"

    def test_one_that_waits_for_a_new_token(self, bot, shift_clock):
        Bot.objects.update(state=Bot.State.INVALID)
        shift_clock(61)
        assert (part("outbox")["state"], part("outbox")["waiting"]) == ("ok", 0)

    def test_one_with_a_call_in_doubt(self, call):
        OutboundCall.objects.update(state=OutboundCall.State.UNCERTAIN)
        found = part("outbox")
        assert (found["state"], found["uncertain_today"]) == ("trouble", 1)


def test_a_waiting_session_that_routing_passes_over(bot, shift_clock):
    session = make_session(bot.project)
    shift_clock(31)
    found = part("line")
    assert (found["state"], found["waiting"]) == ("trouble", 1)
    RoutingAttempt.objects.create(session=session, at=clock.now())
    found = part("line")
    assert (found["state"], found["unlooked_s"]) == ("ok", 0)
    assert found["oldest_s"] > 30


def test_hints_that_are_dropped(monkeypatch):
    assert part("kicks")["state"] == "ok"
    sender = kick._sender()
    monkeypatch.setattr(sender, "dropped", sender.dropped)
    sender._count_dropped(3)
    found = part("kicks")
    assert found["state"] == "trouble"
    assert found["dropped_lately"] >= 3


class TestWhoAsks:
    @pytest.mark.parametrize("given", ["", "Bearer wrong", f"Basic {TOKEN}", "Bearer ключ"])
    def test_a_stranger_sees_states_and_nothing_else(self, bot, given):
        _, said = readyz(Authorization=given)
        assert set(said) == {"state", "parts"}
        assert all(set(one) == {"state"} for one in said["parts"].values())

    def test_without_a_token_there_is_none_that_opens(self, settings):
        settings.METRICS_TOKEN = ""
        _, said = readyz(Authorization="Bearer ")
        assert set(said["parts"]["database"]) == {"state"}

    def test_a_listed_address_sees_all(self, settings):
        settings.METRICS_ADDRESSES = ["10.0.0.0/8", "127.0.0.1"]
        assert "answer_s" in readyz(Authorization="")[1]["parts"]["database"]

    def test_a_stranger_behind_a_proxy_is_not_this_machine(self, settings):
        settings.METRICS_ADDRESSES = ["127.0.0.1"]
        passed_on = {"Authorization": "", "X-Forwarded-For": "203.0.113.5"}
        assert set(readyz(**passed_on)[1]["parts"]["database"]) == {"state"}
        settings.TRUSTED_PROXIES = 1
        assert set(readyz(**passed_on)[1]["parts"]["database"]) == {"state"}
        lying = {**passed_on, "X-Forwarded-For": "127.0.0.1, 203.0.113.5"}
        assert set(readyz(**lying)[1]["parts"]["database"]) == {"state"}

    @pytest.mark.parametrize(
        ("proxies", "hops", "address"),
        [
            (0, "", "127.0.0.1"),
            (0, "1.2.3.4", ""),
            (1, "", ""),
            (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"),
            (2, "6.6.6.6, 1.2.3.4, 10.0.0.1", "1.2.3.4"),
            (2, "10.0.0.1", ""),
        ],
    )
    def test_where_it_comes_from(self, rf, settings, proxies, hops, address):
        settings.TRUSTED_PROXIES = proxies
        headers = {"X-Forwarded-For": hops} if hops else {}
        assert client_address(rf.get("/", headers=headers)) == address


class TestHealthz:
    def test_it_answers_without_a_query(self, client, django_assert_num_queries):
        with django_assert_num_queries(0):
            answer = client.get("/healthz")
        assert (answer.status_code, answer.json()) == (200, {"state": "ok"})
        assert "no-store" in answer["Cache-Control"]

    @pytest.mark.parametrize("path", ["/healthz", "/readyz"])
    def test_a_probe_is_not_sent_to_https(self, client, settings, path):
        settings.SECURE_SSL_REDIRECT = True
        assert client.get(path).status_code == 200
        assert client.get("/sign-in/").status_code == 301
        assert client.post(path).status_code in {301, 405}
