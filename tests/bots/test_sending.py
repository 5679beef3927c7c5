"""The gateway sends: in order, paced, once, and says what became of each call."""

import json
from typing import Any

import pytest
from django.db import OperationalError

from bots.actions import outbox
from bots.models import Bot, OutboundCall
from core import layers
from projects.models import Project
from tests.factories import make_bot, make_project
from tests.support.servers import free_port
from tests.support.telegram import gateway
from tests.support.waiting import until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("quick"),
    pytest.mark.slow,
]


@pytest.fixture
def bot(telegram):
    bot = make_bot(make_project())
    telegram.add_bot(bot)
    return bot


@pytest.fixture
def chat(telegram, bot):
    return telegram.person(bot)


def queue(bot, chat, *texts, within=900, **params):
    calls = [("sendMessage", {"chat_id": chat, "text": text, **params}) for text in texts]
    return outbox.queue(bot=bot, chat_id=chat, calls=calls, send_within_s=within)


def row(call):
    return OutboundCall.objects.get(pk=call.pk)


def ends(call):
    """The call once it is neither queued nor on its way: `(state, code)`."""
    found = until(
        lambda: OutboundCall.objects.exclude(state__in=OutboundCall.OPEN).filter(pk=call.pk)
    )
    return found[0].state, found[0].error_code


def test_it_sends_what_it_claimed_without_hearing_of_it(telegram, bot, chat, monkeypatch):
    """The connection breaks after the COMMIT and before its answer."""
    claim, lost = outbox.claim, []

    def breaks_once(**how):
        calls = claim(**how)
        if calls and not lost:
            lost.extend(calls)
            raise OperationalError("server closed the connection unexpectedly")
        return calls

    monkeypatch.setattr(outbox, "claim", breaks_once)
    with gateway():
        calls = queue(bot, chat, "hello", "and bye")
        assert [ends(call) for call in calls] == [("sent", "")] * 2
    assert lost[:1] == calls[:1]
    assert telegram.texts(bot) == ["hello", "and bye"]
    assert [row(call).attempt for call in calls] == [1, 1]


def test_it_sends_and_tells(telegram, bot, chat, told):
    with gateway():
        [call] = queue(bot, chat, "hello")
        assert ends(call) == ("sent", "")
    [accepted] = telegram.wait_for_calls("sendMessage")
    assert row(call).telegram_message_id == accepted["message_id"]
    assert telegram.texts(bot) == ["hello"]
    assert told == [(call.pk, "sent", "")]


def test_it_sends_what_waited_before_it_started(telegram, bot, chat):
    calls = queue(bot, chat, "a", "b", "c")
    with gateway():
        ends(calls[-1])
    assert telegram.texts(bot) == ["a", "b", "c"]


def test_a_chat_gets_everything_in_order(telegram, bot, chat):
    other = telegram.person(bot)
    with gateway():
        mine = [queue(bot, chat, f"{n}a", f"{n}b") for n in range(2)]
        theirs = queue(bot, other, "x", "y", "z")
        for call in (*mine[-1], *theirs):
            ends(call)
    texts = telegram.texts(bot)
    assert [text for text in texts if text[0].isdigit()] == ["0a", "0b", "1a", "1b"]
    assert [text for text in texts if not text[0].isdigit()] == ["x", "y", "z"]


def test_it_paces_a_chat_after_a_short_burst(telegram, bot, chat):
    with gateway():
        ends(queue(bot, chat, *"abcde")[-1])
    at = [call["started_at"] for call in telegram.wait_for_calls("sendMessage", 5)]
    assert at[3] - at[0] >= 0.9
    assert at[4] - at[3] >= 0.9


def test_a_hint_wakes_it(telegram, bot, chat, monkeypatch):
    """With a look every minute only the hint can be in time."""
    monkeypatch.setattr("bots.gateway.sending.LOOK_SECONDS", 60.0)
    with gateway() as running:
        until(lambda: running.bots)
        layer: Any = layers.current()
        until(lambda: layer.groups.get(outbox.HINTS))
        assert ends(queue(bot, chat, "now")[0]) == ("sent", "")


def test_it_sends_without_hints(telegram, bot, chat, monkeypatch):
    monkeypatch.setattr("bots.actions.outbox.kick.hint", lambda *args, **message: None)
    with gateway() as running:
        until(lambda: running.bots)
        assert ends(queue(bot, chat, "later")[0]) == ("sent", "")


# ---------------------------------------------------------------- what can become of a call


@pytest.mark.parametrize("kind", ["500", "502html", "empty", "cut_body", "cut_before", "cut_after"])
def test_a_lost_answer_is_uncertain_and_not_repeated(telegram, bot, chat, told, kind):
    telegram.fault(kind, method="sendMessage", count=1)
    with gateway():
        first, second = queue(bot, chat, "a", "b")
        [later] = queue(bot, chat, "c")
        assert ends(first) == ("uncertain", "unknown")
        assert ends(second) == ("uncertain", "stopped")
        assert ends(later) == ("sent", "")
    sent = [call["params"]["text"] for call in telegram.calls("sendMessage")]
    assert sent == ["a", "c"]
    assert [key for key, _, _ in told] == [first.pk, second.pk, later.pk]


def test_a_call_that_hangs_is_uncertain_and_holds_up_no_other_chat(telegram, bot, chat):
    other = telegram.person(bot)
    telegram.fault("hang", method="sendMessage", chat=chat, seconds=30)
    with gateway():
        [hanging] = queue(bot, chat, "a")
        [call] = queue(bot, other, "b")
        assert ends(call) == ("sent", "")
        assert ends(hanging) == ("uncertain", "unknown")


def test_a_lost_answer_is_repeated_where_the_project_says_so(telegram, bot, chat, told):
    Project.objects.update(uncertain_policy=Project.Uncertain.RESEND)
    telegram.fault("cut_after", method="sendMessage", count=1)
    with gateway():
        calls = queue(bot, chat, "a", "b")
        assert ends(calls[1]) == ("sent", "")
    assert telegram.texts(bot) == ["a", "a", "b"]
    assert [key for key, _, _ in told] == [call.pk for call in calls]


def test_a_429_is_obeyed_and_loses_nothing(telegram, bot, chat):
    telegram.fault("429", method="sendMessage", count=1, retry_after=2)
    with gateway():
        first, second = queue(bot, chat, "a", "b")
        assert ends(second) == ("sent", "")
    assert telegram.texts(bot) == ["a", "b"]
    struck, following = telegram.calls("sendMessage")[:2]
    assert following["started_at"] - struck["at"] >= 2
    assert row(first).attempt == 1


def test_a_pause_survives_a_restart(telegram, bot, chat):
    telegram.fault("429", method="sendMessage", count=1, retry_after=3)
    with gateway():
        [call] = queue(bot, chat, "a")
        until(lambda: row(call).error_code == "429")
    with gateway("b"):
        assert ends(call) == ("sent", "")
    struck, following = telegram.calls("sendMessage")
    assert following["started_at"] - struck["at"] >= 3


@pytest.mark.parametrize("kind", ["400", "403"])
def test_a_refusal_is_final_and_says_why(telegram, bot, chat, told, kind):
    telegram.fault(kind, method="sendMessage", count=1)
    with gateway():
        first, second = queue(bot, chat, "a", "b")
        assert ends(first) == ("failed", kind)
        assert ends(second) == ("failed", "stopped")
        assert ends(queue(bot, chat, "c")[0]) == ("sent", "")
    assert row(first).error_text
    assert told[:2] == [(first.pk, "failed", kind), (second.pk, "failed", "stopped")]


def test_formatting_that_telegram_cannot_read_is_sent_as_plain_text(telegram, bot, chat):
    telegram.fault(
        "400",
        method="sendMessage",
        count=1,
        description="Bad Request: can't parse entities: unclosed tag",
    )
    with gateway():
        [call] = queue(bot, chat, "<b>bold", parse_mode="HTML")
        assert ends(call) == ("sent", "")
    tried, accepted = telegram.calls("sendMessage")
    assert tried["params"]["parse_mode"] == "HTML"
    assert "parse_mode" not in accepted["params"]


def test_formatting_is_dropped_once_only(telegram, bot, chat):
    unread = "Bad Request: can't parse entities"
    telegram.fault("400", method="sendMessage", description=unread)
    with gateway():
        [call] = queue(bot, chat, "<b>bold", parse_mode="HTML")
        assert ends(call) == ("failed", "400")
    assert len(telegram.calls("sendMessage")) == 2


def test_a_refused_token_stops_the_bot_and_keeps_the_queue(telegram, bot, chat, told):
    healthy = make_bot(make_project())
    telegram.add_bot(healthy)
    telegram.fault("401", method="sendMessage", bot=bot.telegram_id, count=1)
    with gateway() as running:
        [call] = queue(bot, chat, "a")
        until(lambda: Bot.objects.get(pk=bot.pk).state == Bot.State.INVALID)
        until(lambda: running.bots == {healthy.pk})
        [other] = queue(healthy, telegram.person(healthy), "b")
        assert ends(other) == ("sent", "")
    assert (row(call).state, told) == ("queued", [(other.pk, "sent", "")])


def test_what_never_left_is_sent_when_telegram_is_back(telegram, bot, chat):
    with gateway() as running:
        until(lambda: running.bots)
        telegram.fault("refuse", seconds=2)
        until(lambda: Bot.objects.get(pk=bot.pk).last_error)
        [call] = queue(bot, chat, "a")
        until(lambda: row(call).error_code == "unreachable")
        assert ends(call) == ("sent", "")
    assert telegram.texts(bot) == ["a"]


def test_nothing_is_sent_too_late(telegram, bot, chat, told, settings, shift_clock):
    [call] = queue(bot, chat, "old", within=60)
    shift_clock(61)
    with gateway() as running:
        until(lambda: running.bots)
        ends(queue(bot, chat, "fresh")[0]) if outbox.expire() else None
    assert telegram.texts(bot) == ["fresh"]
    assert told[0] == (call.pk, "failed", "too_late")


def test_one_bots_trouble_slows_no_other(telegram, bot, settings):
    """More calls hang than there are places."""
    settings.SEND_SECONDS = 60
    healthy = make_bot(make_project())
    telegram.add_bot(healthy)
    telegram.fault("hang", method="sendMessage", bot=bot.telegram_id, seconds=90)
    for chat in range(60):
        queue(bot, chat, "a")
    with gateway():
        [call] = queue(healthy, telegram.person(healthy), "b")
        assert ends(call) == ("sent", "")
        on_their_way = OutboundCall.objects.filter(bot=bot, state="sending").count()
        telegram.reset()
    assert on_their_way == 25


def test_an_outcome_is_recorded_once_the_database_is_back(telegram, bot, chat, monkeypatch):
    real, failures = outbox._close, [OperationalError("gone")] * 3

    def close(*args):
        if failures:
            raise failures.pop()
        return real(*args)

    monkeypatch.setattr(outbox, "_close", close)
    with gateway():
        [call] = queue(bot, chat, "a")
        assert ends(call) == ("sent", "")
    assert telegram.texts(bot) == ["a"]


def test_it_lets_calls_finish_before_it_ends(telegram, bot, chat):
    telegram.fault("slow", method="sendMessage", seconds=0.5)
    with gateway():
        [call] = queue(bot, chat, "a")
        until(lambda: row(call).state == "sending")
    assert row(call).state == "sent"
    assert Bot.objects.get().lease_holder == ""


def test_a_call_it_cannot_wait_for_is_uncertain_when_it_ends(
    telegram, bot, chat, settings, monkeypatch
):
    settings.SEND_SECONDS = 60
    monkeypatch.setattr("bots.gateway.fleet.LAND_SECONDS", 0.2)
    telegram.fault("hang", method="sendMessage", seconds=30)
    with gateway():
        [call] = queue(bot, chat, "a")
        until(lambda: row(call).state == "sending")
    assert (row(call).state, row(call).error_code) == ("uncertain", "unknown")


def test_any_method_can_be_called(telegram, bot, chat):
    with gateway():
        keyboard = {"inline_keyboard": [[{"text": "yes", "callback_data": "1"}]]}
        [call] = queue(bot, chat, "ok?", reply_markup=keyboard)
        assert ends(call) == ("sent", "")
        number = row(call).telegram_message_id
        [edit] = outbox.queue(
            bot=bot,
            chat_id=chat,
            calls=[("editMessageText", {"chat_id": chat, "message_id": number, "text": "done"})],
            send_within_s=60,
        )
        assert ends(edit) == ("sent", "")
    [sent] = telegram.calls("sendMessage")
    assert json.loads(sent["params"]["reply_markup"]) == keyboard


def change(bot, chat, method, number, **params):
    params = {"chat_id": chat, "message_id": number, **params}
    [call] = outbox.queue(bot=bot, chat_id=chat, calls=[(method, params)], send_within_s=900)
    return call


def test_edits_and_deletions_follow_what_they_change(telegram, bot, chat):
    queue(bot, chat, "one")
    with gateway():
        ends(queue(bot, chat, "two")[0])
        first, second = [call["message_id"] for call in telegram.calls("sendMessage")]
        calls = [
            change(bot, chat, "editMessageText", first, text="uno"),
            change(bot, chat, "deleteMessage", second),
            change(bot, chat, "editMessageText", first, text="eins"),
        ]
        assert [ends(call) for call in calls] == [("sent", "")] * 3
    assert telegram.shown(bot, chat) == ["eins"]


@pytest.mark.parametrize("kind", ["cut_after", "cut_before", "500"])
def test_a_lost_answer_to_an_edit_or_deletion_is_asked_again(telegram, bot, chat, kind):
    with gateway():
        ends(queue(bot, chat, "one", "two")[1])
        first, second = [call["message_id"] for call in telegram.calls("sendMessage")]
        for method in ("editMessageText", "deleteMessage"):
            telegram.fault(kind, method=method, count=1)
        edit = change(bot, chat, "editMessageText", first, text="uno")
        deletion = change(bot, chat, "deleteMessage", second)
        was_done = kind == "cut_after"
        assert ends(edit) == ("sent", "not_modified" if was_done else "")
        assert ends(deletion) == ("sent", "gone" if was_done else "")
    assert telegram.shown(bot, chat) == ["uno"]


@pytest.mark.parametrize(
    ("method", "text", "code"),
    [
        ("editMessageText", "message to edit not found", "gone"),
        ("editMessageText", "message can't be edited", "cannot_edit"),
        ("deleteMessage", "message can't be deleted for everyone", "cannot_delete"),
        ("editMessageText", "something new", "400"),
    ],
)
def test_a_refused_change_says_why(telegram, bot, chat, method, text, code):
    telegram.fault("400", method=method, count=1, description=f"Bad Request: {text}")
    with gateway():
        assert ends(change(bot, chat, method, 1, text="x")) == ("failed", code)


def test_it_can_send_nothing_while_telegram_is_nowhere(bot, chat, settings):
    settings.TELEGRAM_API_BASE = f"http://127.0.0.1:{free_port()}"
    with gateway():
        [call] = queue(bot, chat, "a")
        until(lambda: row(call).error_code == "unreachable")
    assert (row(call).state, row(call).attempt) == ("queued", 1)
