"""Gateways come and go: bots change hands, nothing is lost, nothing is done twice."""

import signal
import sys
import threading
import time
from contextlib import contextmanager

import pytest

from bots.actions import leases, outbox
from bots.models import Bot, OutboundCall
from tests.factories import make_bot, make_project
from tests.support.processes import said, started
from tests.support.telegram import PATIENCE_S, gateway
from tests.support.waiting import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quick")]


@pytest.fixture
def bot(telegram):
    bot = make_bot(make_project())
    telegram.add_bot(bot)
    return bot


@pytest.fixture
def environment(telegram, database_url):
    return {
        "DATABASE_URL": database_url,
        "TELEGRAM_API_BASE": telegram.url,
        "BOT_LEASE_SECONDS": "2",
        "PYTHONWARNINGS": "ignore",
    }


@pytest.fixture
def dies(environment, tmp_path):
    """Run a gateway that dies at a crash point."""

    def run(point):
        log = tmp_path / "dying.log"
        dying = environment | {"CRASH_AT": point}
        with started([sys.executable, "manage.py", "gateway"], log, dying) as process:
            assert process.wait(60) == -signal.SIGKILL, log.read_text()

    return run


@pytest.fixture
def program(environment, tmp_path):
    """`manage.py gateway` in a process of its own, once it serves."""

    @contextmanager
    def start():
        log = tmp_path / "gateway.log"
        with started([sys.executable, "manage.py", "gateway"], log, environment) as process:
            said(log, "served by", PATIENCE_S)
            yield process

    return start


def numbers(bot):
    return list(bot.updates.order_by("update_id").values_list("update_id", flat=True))


def queue(bot, chat, *texts):
    calls = [("sendMessage", {"chat_id": chat, "text": text}) for text in texts]
    return outbox.queue(bot=bot, chat_id=chat, calls=calls, send_within_s=900)


def row(call):
    return OutboundCall.objects.get(pk=call.pk)


# ---------------------------------------------------------------- in one process


def test_a_second_gateway_leaves_the_first_its_bots(telegram, bot):
    with gateway("a") as first, gateway("b") as second:
        until(lambda: first.bots | second.bots)
        number = telegram.says(telegram.person(bot), bot, "hello")
        telegram.wait_until_confirmed(bot, number)
        assert first.bots & second.bots == set()
        assert Bot.objects.get().lease_epoch == 1


def test_bots_of_one_that_ends_are_taken_over_at_once(telegram, bot):
    with gateway("a") as first:
        until(lambda: first.bots)
        with gateway("b") as second:
            first.end()
            until(lambda: second.bots)
            number = telegram.says(telegram.person(bot), bot, "hello")
            telegram.wait_until_confirmed(bot, number)
    assert numbers(bot) == [number - 1, number]


def test_one_that_was_frozen_stores_and_sends_nothing_more(telegram, bot):
    """Its lease is taken while it knows nothing of it; then what it was waiting for comes."""
    with gateway("frozen") as frozen:
        until(lambda: frozen.bots)
        person = telegram.person(bot)
        telegram.wait_until_confirmed(bot, telegram.says(person, bot, "before"))
        before = numbers(bot)
        Bot.objects.update(lease_holder="other", lease_epoch=99)
        number = telegram.says(person, bot, "after")
        until(lambda: not frozen.bots)
        assert numbers(bot) == before
        assert telegram.states(bot)[number] != "confirmed"
        [call] = queue(bot, person, "hello")
        [mine] = leases.take(holder="other")
        claimed = outbox.claim(
            epochs={mine.pk: mine.lease_epoch}, may_send=lambda call: True, limit=1
        )
        assert claimed == [call]


def test_a_bot_that_is_taken_while_leases_are_renewed_is_kept(telegram, bot, monkeypatch):
    """The answer of a renewal is older than what was taken after it was asked."""
    renew, was_early = leases.renew, threading.Event()

    def slow(*, holder):
        ours = renew(holder=holder)
        if not ours:
            until(lambda: Bot.objects.get().lease_epoch)
            time.sleep(0.3)  # until the one who took it has heard of it
            was_early.set()
        return ours

    monkeypatch.setattr(leases, "renew", slow)
    Bot.objects.update(state=Bot.State.INVALID)  # not before the first renewal
    with gateway("a") as running:
        time.sleep(0.5)
        Bot.objects.update(state=Bot.State.OK)
        until(was_early.is_set)
        until(lambda: running.bots == {bot.pk})
        telegram.wait_until_confirmed(bot, telegram.says(telegram.person(bot), bot, "hello"))
    assert Bot.objects.get().lease_epoch == 1


def test_two_gateways_share_many_bots_and_send_each_call_once(telegram, settings):
    bots = [make_bot(make_project()) for _ in range(6)]
    for bot in bots:
        telegram.add_bot(bot)
    people = {bot.pk: telegram.person(bot) for bot in bots}
    with gateway("a") as first, gateway("b"):
        calls = [queue(bot, people[bot.pk], "1", "2")[-1] for bot in bots]
        until(lambda: first.bots or Bot.objects.filter(lease_holder="b").exists())
        until(lambda: {row(call).state for call in calls} == {"sent"})
    for bot in bots:
        assert telegram.texts(bot) == ["1", "2"]


# ---------------------------------------------------------------- in several processes


@pytest.mark.slow
def test_what_was_stored_and_not_confirmed_is_stored_once(telegram, bot, dies):
    person = telegram.person(bot)
    first = telegram.says(person, bot, "hello")
    dies("inbox.after_commit")
    assert numbers(bot) == [first - 1, first]
    assert set(telegram.states(bot).values()) == {"handed_out"}
    with gateway():
        second = telegram.says(person, bot, "next")
        telegram.wait_until_confirmed(bot, second)
    assert numbers(bot) == [first - 1, first, second]


@pytest.mark.slow
def test_what_was_read_and_not_stored_is_handed_out_again(telegram, bot, dies):
    number = telegram.says(telegram.person(bot), bot, "hello")
    dies("inbox.before_commit")
    assert numbers(bot) == []
    with gateway():
        telegram.wait_until_confirmed(bot, number)
    assert numbers(bot) == [number - 1, number]


@pytest.mark.slow
@pytest.mark.parametrize(("point", "arrived"), [("call.before", []), ("call.after", ["hello"])])
def test_a_call_of_one_that_died_is_uncertain_and_not_repeated(
    telegram, bot, dies, told, point, arrived
):
    person = telegram.person(bot)
    [call] = queue(bot, person, "hello")
    [later] = queue(bot, person, "next")
    dies(point)
    assert row(call).state == "sending"
    with gateway():
        until(lambda: outbox.recover())
        until(lambda: row(later).state == "sent")
    assert (row(call).state, row(call).error_code) == ("uncertain", "unknown")
    assert telegram.texts(bot) == [*arrived, "next"]
    assert told == [(call.pk, "uncertain", "unknown"), (later.pk, "sent", "")]


@pytest.mark.slow
def test_a_gateway_takes_over_from_one_that_was_killed(telegram, bot, program):
    with program() as process:
        first = telegram.says(telegram.person(bot), bot, "hello")
        telegram.wait_until_confirmed(bot, first)
        with gateway("successor") as successor:
            process.kill()
            until(lambda: successor.bots == {bot.pk})
            second = telegram.says(telegram.person(bot), bot, "hello")
            telegram.wait_until_confirmed(bot, second)
    assert numbers(bot)[-1] == second
    assert len(set(numbers(bot))) == 4


@pytest.mark.slow
@pytest.mark.postgres  # frozen in a transaction it would hold SQLite's one lock
def test_a_gateway_that_was_stopped_for_a_while_gives_way(telegram, bot, program):
    """SIGSTOP: it does not know that time has passed. It wakes up and harms nothing."""
    with program() as process:
        telegram.wait_until_confirmed(bot, telegram.says(telegram.person(bot), bot, "1"))
        process.send_signal(signal.SIGSTOP)
        with gateway("successor") as successor:
            until(lambda: successor.bots == {bot.pk}, 30)
            process.send_signal(signal.SIGCONT)
            for _ in range(5):
                number = telegram.says(telegram.person(bot), bot, "2")
                telegram.wait_until_confirmed(bot, number)
            [call] = queue(bot, telegram.person(bot), "3")
            until(lambda: row(call).state == "sent")
            assert Bot.objects.get().lease_holder == "successor"
    assert len(numbers(bot)) == len(set(numbers(bot))) == 13
    assert telegram.texts(bot) == ["3"]


@pytest.mark.slow
def test_sigterm_lets_sends_finish_and_gives_the_bots_back(telegram, bot, program):
    person = telegram.person(bot)
    telegram.fault("slow", method="sendMessage", seconds=1)
    with program() as process:
        telegram.wait_until_confirmed(bot, telegram.says(person, bot, "1"))
        [call] = queue(bot, person, "hello")
        until(lambda: row(call).state == "sending")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert row(call).state == "sent"
    assert Bot.objects.get().lease_holder == ""


@pytest.mark.slow
def test_a_gateway_runs_what_the_usual_clock_has_missed(telegram, bot, program):
    [call] = queue(bot, telegram.person(bot), "old")
    OutboundCall.objects.update(send_before=call.created_at)
    with program():
        until(lambda: row(call).error_code == "too_late", 30)
    assert row(call).state == "failed"


@pytest.mark.slow
@pytest.mark.postgres
def test_a_gateway_needs_no_redis(telegram, bot, environment, tmp_path):
    environment |= {"REDIS_URL": "redis://127.0.0.1:1/0"}
    person = telegram.person(bot)
    log = tmp_path / "log"
    with started([sys.executable, "manage.py", "gateway"], log, environment):
        said(log, "served by", PATIENCE_S)
        telegram.wait_until_confirmed(bot, telegram.says(person, bot, "1"))
        [call] = queue(bot, person, "hello")
        until(lambda: row(call).state == "sent", 20)
    assert "no hints: ConnectionError" in log.read_text()
