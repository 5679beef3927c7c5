"""Calls leave at most once per decision, in order, and their senders learn what became of them."""

from datetime import timedelta

import pytest

from bots.actions import leases, outbox
from bots.actions.outbox import Kind, Outcome
from bots.errors import UNKNOWN
from bots.models import Bot, ChatPause, OutboundCall
from core import clock, kick, retention, tx
from projects.models import Project
from tests.factories import make_bot, make_project
from tests.support.threads import together

pytestmark = pytest.mark.django_db

SENT = Outcome(Kind.SENT, message_id=77)
DOUBT = Outcome(Kind.DOUBT, code=UNKNOWN, text="cut")
RETRY = Outcome(Kind.RETRY, code="unreachable")
REFUSED = Outcome(Kind.FAILED, code="403", text="Forbidden: bot was blocked by the user")


@pytest.fixture
def bot():
    make_bot(make_project())
    [bot] = leases.take(holder="a")
    return bot


@pytest.fixture(autouse=True)
def _ports(told):
    pass


def queue(bot, chat_id, *texts, within=900):
    calls = [("sendMessage", {"chat_id": chat_id, "text": text}) for text in texts]
    return outbox.queue(bot=bot, chat_id=chat_id, calls=calls, send_within_s=within)


def claim(*bots, may_send=lambda call: True, limit=50):
    epochs = {bot.pk: bot.lease_epoch for bot in bots}
    return outbox.claim(epochs=epochs, may_send=may_send, limit=limit)


def texts(calls):
    return [call.params["text"] for call in calls]


def record(call, outcome):
    return outbox.record(call=call, outcome=outcome)


def rows(*calls):
    return [OutboundCall.objects.get(pk=call.pk) for call in calls]


def states(*calls):
    return [(row.state, row.error_code) for row in rows(*calls)]


# ---------------------------------------------------------------- queue and claim


def test_it_queues_a_batch_in_order_and_hints(bot, monkeypatch):
    hints = []
    monkeypatch.setattr(kick, "hint", lambda group, **message: hints.append((group, message)))
    calls = queue(bot, 1, "a", "b")
    assert [call.position for call in calls] == [0, 1]
    assert len({call.batch for call in calls}) == 1
    assert all(call.pk for call in calls)
    assert hints == [("bots.outbox", {"type": "outbox.filled", "bot_id": bot.pk})]


def test_it_claims_the_first_of_each_chat(bot):
    queue(bot, 1, "a1", "a2")
    queue(bot, 2, "b1")
    claimed = claim(bot)
    assert texts(claimed) == ["a1", "b1"]
    assert {(call.state, call.epoch, call.attempt) for call in claimed} == {("sending", 1, 1)}
    assert claim(bot) == []


def test_the_next_of_a_chat_waits_for_the_one_before(bot):
    queue(bot, 1, "a1", "a2")
    queue(bot, 1, "a3")
    for expected in ("a1", "a2", "a3"):
        [call] = claim(bot)
        assert texts([call]) == [expected]
        assert claim(bot) == []
        assert record(call, SENT)


def test_it_claims_no_more_than_it_can_send(bot):
    for chat in range(5):
        queue(bot, chat, "x")
    assert len(claim(bot, limit=2)) == 2
    assert len(claim(bot, limit=0)) == 0
    assert len(claim(bot, may_send=lambda call: call.chat_id == 4)) == 1


def test_it_claims_for_no_bot_it_does_not_serve(bot):
    other = make_bot(make_project())
    queue(other, 1, "x")
    assert claim(bot) == []


def test_an_old_holder_claims_nothing(bot):
    queue(bot, 1, "x")
    Bot.objects.update(lease_epoch=2)
    assert claim(bot) == []
    assert states(*OutboundCall.objects.all()) == [("queued", "")]


def test_it_queues_again_what_was_claimed_unheard_and_is_not_being_made(bot):
    queue(bot, 1, "unheard")
    queue(bot, 2, "on its way")
    unheard, flying = claim(bot)
    older = {bot.pk: bot.lease_epoch - 1}
    assert outbox.give_back(epochs=older, besides=[]) == 0
    assert outbox.give_back(epochs={bot.pk: bot.lease_epoch}, besides=[flying.pk]) == 1
    assert states(unheard, flying) == [("queued", ""), ("sending", "")]
    assert [(call.pk, call.attempt) for call in claim(bot)] == [(unheard.pk, 1)]


@pytest.mark.django_db(transaction=True)
def test_of_many_who_claim_one_gets_the_call():
    make_bot(make_project())
    [bot] = leases.take(holder="a")
    for chat in range(20):
        queue(bot, chat, "x")
    claims = together(*[lambda: tx.run(claim, bot)] * 4)
    taken = [call.pk for calls in claims for call in calls]
    assert sorted(taken) == sorted(OutboundCall.objects.values_list("pk", flat=True))
    assert OutboundCall.objects.filter(state="sending", attempt=1).count() == 20


# ---------------------------------------------------------------- outcomes


def test_sent_is_told_with_telegrams_number(bot, told):
    queue(bot, 1, "x")
    [call] = claim(bot)
    assert record(call, SENT)
    [row] = rows(call)
    assert (row.state, row.telegram_message_id, row.sent_at is None) == ("sent", 77, False)
    assert told == [(call.pk, "sent", "")]


def test_a_refusal_is_told_with_its_reason_and_the_batch_stops(bot, told):
    first, second, third = queue(bot, 1, "a", "b", "c")
    [later] = queue(bot, 1, "d")
    record(claim(bot)[0], REFUSED)
    assert states(first, second, third) == [
        ("failed", "403"),
        ("failed", "stopped"),
        ("failed", "stopped"),
    ]
    assert rows(first)[0].error_text == "Forbidden: bot was blocked by the user"
    assert [key for key, _, _ in told] == [first.pk, second.pk, third.pk]
    assert claim(bot) == rows(later)


def test_a_lost_answer_is_uncertain_and_never_sent_again(bot, told, shift_clock):
    first, second = queue(bot, 1, "a", "b")
    [later] = queue(bot, 1, "c")
    record(claim(bot)[0], DOUBT)
    shift_clock(120)
    assert states(first, second) == [("uncertain", "unknown"), ("uncertain", "stopped")]
    assert claim(bot) == rows(later)
    assert told == [(first.pk, "uncertain", "unknown"), (second.pk, "uncertain", "stopped")]


def test_a_lost_answer_is_sent_again_where_the_project_says_so(bot, told, shift_clock):
    Project.objects.update(uncertain_policy=Project.Uncertain.RESEND)
    first, second = queue(bot, 1, "a", "b")
    record(claim(bot)[0], DOUBT)
    assert (claim(bot), told) == ([], [])
    shift_clock(1.1)
    [again] = claim(bot)
    assert (again.pk, again.attempt) == (first.pk, 2)
    assert states(second) == [("queued", "")]


def test_what_never_left_is_tried_again_later_and_later(bot, told, shift_clock):
    queue(bot, 1, "x", within=100_000)
    for pause in (1, 2, 4, 8, 16, 32, 60, 60):
        [call] = claim(bot)
        record(call, RETRY)
        shift_clock(pause - 0.5)
        assert claim(bot) == []
        shift_clock(0.6)
    assert told == []
    assert claim(bot)[0].attempt == 9


def test_a_429_pauses_the_chat_and_spends_no_attempt(bot, told, shift_clock):
    queue(bot, 1, "a", within=100_000)
    queue(bot, 2, "b")
    call = claim(bot, may_send=lambda call: call.chat_id == 1)[0]
    record(call, Outcome(Kind.PAUSE, code="429", seconds=5000))
    assert texts(claim(bot)) == ["b"]
    shift_clock(4990)
    assert claim(bot) == []
    shift_clock(11)
    [again] = claim(bot)
    assert (again.attempt, told) == (1, [])


def test_a_429_from_a_second_chat_pauses_the_bot(bot, shift_clock):
    for chat in (1, 2, 3):
        queue(bot, chat, "x")
    first, second = claim(bot, limit=2)
    record(first, Outcome(Kind.PAUSE, code="429", seconds=30))
    record(second, Outcome(Kind.PAUSE, code="429", seconds=30))
    assert claim(bot) == []
    shift_clock(31)
    assert len(claim(bot)) == 3
    retention.purge()
    assert not ChatPause.objects.exists()


def test_a_refused_token_keeps_the_queue(bot, told):
    [call] = queue(bot, 1, "x")
    record(claim(bot)[0], Outcome(Kind.STOP, code="401"))
    assert (states(call), told) == ([("queued", "401")], [])
    assert rows(call)[0].attempt == 0
    Bot.objects.update(state=Bot.State.INVALID)
    assert claim(bot) == []


def test_only_the_one_who_claimed_records(bot, told):
    queue(bot, 1, "x")
    [call] = claim(bot)
    assert record(call, SENT)
    assert not record(call, REFUSED)
    assert states(call) == [("sent", "")]
    assert len(told) == 1


@pytest.mark.parametrize("outcome", [SENT, REFUSED, DOUBT])
def test_nothing_is_recorded_that_cannot_be_told(bot, settings, outcome, monkeypatch):
    def refuse(calls):
        raise ZeroDivisionError

    queue(bot, 1, "a", "b")
    [call] = claim(bot)
    monkeypatch.setattr("bots.ports.port", lambda name: refuse)
    with pytest.raises(ZeroDivisionError):
        record(call, outcome)
    assert [state for state, _ in states(*OutboundCall.objects.order_by("pk"))] == [
        "sending",
        "queued",
    ]


# ---------------------------------------------------------------- late and orphaned


def test_nothing_old_leaves_by_itself(bot, told, shift_clock):
    late, stopped = queue(bot, 1, "a", "b", within=10)
    [fresh] = queue(bot, 1, "c", within=60)
    shift_clock(11)
    assert claim(bot) == []
    assert outbox.expire() == 2
    assert states(late, stopped) == [("failed", "too_late"), ("failed", "too_late")]
    assert told == [(late.pk, "failed", "too_late"), (stopped.pk, "failed", "too_late")]
    assert claim(bot) == rows(fresh)
    assert outbox.expire() == 0


def test_a_call_that_was_perhaps_sent_stays_in_doubt_when_it_is_too_late(bot, shift_clock):
    Project.objects.update(uncertain_policy=Project.Uncertain.RESEND)
    [call] = queue(bot, 1, "a", within=10)
    record(claim(bot)[0], DOUBT)
    shift_clock(2)
    record(claim(bot)[0], RETRY)
    shift_clock(9)
    outbox.expire()
    assert states(call) == [("uncertain", "too_late")]


def test_a_claim_of_a_holder_that_is_gone_becomes_uncertain(bot, told, shift_clock):
    queue(bot, 1, "x")
    [call] = claim(bot)
    assert outbox.recover() == 0
    shift_clock(39)
    assert outbox.recover() == 0
    shift_clock(2)
    assert outbox.recover() == 1
    assert states(call) == [("uncertain", "unknown")]
    assert told == [(call.pk, "uncertain", "unknown")]


def test_a_claim_of_an_older_epoch_becomes_uncertain_at_once(bot):
    queue(bot, 1, "x")
    [call] = claim(bot)
    leases.take(holder="a")
    assert outbox.recover() == 1
    assert states(call) == [("uncertain", "unknown")]
    assert not record(call, SENT)


def test_a_claim_that_is_gone_is_sent_again_where_the_project_says_so(bot):
    Project.objects.update(uncertain_policy=Project.Uncertain.RESEND)
    queue(bot, 1, "x")
    [call] = claim(bot)
    [again] = leases.take(holder="a")
    outbox.recover()
    OutboundCall.objects.update(due_at=clock.now() - timedelta(seconds=1))
    assert [found.pk for found in claim(again)] == [call.pk]
