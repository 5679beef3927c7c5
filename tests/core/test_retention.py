"""core.retention: what is old goes in small steps, and every table has been thought of."""

import re
import uuid
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.apps import apps
from django.contrib.sessions.models import Session

from accounts.models import AuditEntry
from bots.actions import outbox
from bots.models import ChatPause, Holder, InboundUpdate, OutboundCall
from core import clock, retention, tx
from core.errors import Refusal
from live.actions import record
from live.models import Event
from routing.models import PresenceInterval
from sessions_app.actions import changes
from sessions_app.models import ChatSession, Judgement, Message, MessagePart, RoutingAttempt
from tests.factories import (
    make_agent,
    make_bot,
    make_message,
    make_project,
    make_session,
    make_user,
)
from tests.support.source import ROOT

DAY = 86_400


def tables(heading: str) -> list[str]:
    """The first column of the table below a heading of docs/retention.md."""
    text = (ROOT / "docs" / "retention.md").read_text().partition(f"## {heading}\n")[2]
    return re.findall(r"^\| `([\w.]+)` \|", text.partition("\n## ")[0], re.MULTILINE)


def test_every_table_is_forgotten_by_a_rule_or_kept_for_a_reason():
    models = [model._meta.label for model in apps.get_models()]
    assert sorted(tables("Forgotten")) == sorted(retention.steps)
    assert sorted(tables("Forgotten") + tables("Kept")) == sorted(models)


@pytest.fixture
def calls(db) -> list[OutboundCall]:
    """25 that ended and one that is open."""
    bot = make_bot(make_project())
    queued = [("sendMessage", {"text": "x"})] * 26
    rows = outbox.queue(bot=bot, chat_id=5, calls=queued, send_within_s=900)
    states = ["sent", "failed", "uncertain"]
    for number, row in enumerate(rows[:-1]):
        OutboundCall.objects.filter(pk=row.pk).update(state=states[number % 3])
    return rows


def test_it_forgets_nothing_before_its_time(calls, shift_clock):
    shift_clock(89 * DAY)
    retention.purge()
    assert OutboundCall.objects.count() == 26


def test_it_forgets_in_steps_until_nothing_old_is_left(calls, shift_clock, monkeypatch):
    monkeypatch.setattr(retention, "STEP_ROWS", 10)
    steps: list[int] = []

    def watched(limit: int) -> int:
        steps.append(outbox.purge(limit))
        return steps[-1]

    monkeypatch.setitem(retention.steps, "bots.OutboundCall", watched)
    shift_clock(91 * DAY)
    retention.purge()
    assert steps == [10, 10, 5]
    assert [call.pk for call in OutboundCall.objects.all()] == [calls[-1].pk]


def test_a_round_ends_and_the_rest_comes_later(calls, shift_clock, monkeypatch):
    monkeypatch.setattr(retention, "STEP_ROWS", 10)
    monkeypatch.setattr(retention, "ROUND_SECONDS", 0)
    shift_clock(91 * DAY)
    retention.purge()
    assert OutboundCall.objects.count() == 26
    monkeypatch.setattr(retention, "ROUND_SECONDS", 60)
    retention.purge()
    assert OutboundCall.objects.count() == 1


def test_a_fault_with_one_table_lets_no_other_grow(calls, shift_clock, monkeypatch, caplog):
    def fail(limit: int) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(retention, "steps", {"a.Bad": fail, **retention.steps})
    shift_clock(91 * DAY)
    retention.purge()
    assert OutboundCall.objects.count() == 1
    assert "a.Bad could not be forgotten" in caplog.text


@pytest.mark.django_db
def test_each_rule_forgets_what_is_old_and_keeps_what_is_young(shift_clock):
    """Of each kind one before and one after the years have passed."""
    write_one_of_each()
    old = {label: set(model(label).values_list("pk", flat=True)) for label in ONE_OF_EACH}
    assert all(len(keys) == 1 for keys in old.values()), old
    shift_clock(1000 * DAY)
    write_one_of_each()
    retention.purge()
    for label in ONE_OF_EACH:
        kept = set(model(label).values_list("pk", flat=True))
        assert len(kept) == 1, label
        assert not kept & old[label], label


def model(label: str):
    return apps.get_model(label)._default_manager


def write_one_of_each() -> None:
    moment, user = clock.now(), make_user()
    bot = make_bot(make_project())
    agent = make_agent(bot.project)
    session = make_session(bot.project, state=ChatSession.State.COMPLETED)
    judgement = Judgement.objects.create()
    RoutingAttempt.objects.create(session=session, agent=agent, judgement=judgement)
    InboundUpdate.objects.create(bot=bot, update_id=1, raw=b"{}", state="done")
    OutboundCall.objects.create(bot=bot, chat_id=5, method="x", params={}, state="sent")
    ChatPause.objects.create(bot=bot, chat_id=5, until=moment + timedelta(hours=1))
    Holder.objects.create(name=uuid.uuid4().hex, expires_at=moment + timedelta(hours=1))
    PresenceInterval.objects.create(user=user, state="online", ended_at=moment)
    AuditEntry.objects.create(company=bot.project.company, verb="x", target="x")
    Session.objects.create(
        session_key=uuid.uuid4().hex, session_data="", expire_date=moment + timedelta(hours=1)
    )
    attempt = AccessAttempt.objects.create(username="x", failures_since_start=1)
    AccessAttempt.objects.filter(pk=attempt.pk).update(attempt_time=moment)
    with tx.change():
        record(stream=bot.project.public_id, kind="x", payload={}, audience=["everyone"])


ONE_OF_EACH = [
    one._meta.label
    for one in (
        RoutingAttempt,
        Judgement,
        InboundUpdate,
        OutboundCall,
        ChatPause,
        Holder,
        PresenceInterval,
        AuditEntry,
        Session,
        AccessAttempt,
        Event,
    )
]


@pytest.mark.django_db
class TestWhatIsKept:
    def test_an_update_that_was_given_up_or_waits(self, shift_clock):
        bot = make_bot(make_project())
        for number, state in enumerate(["pending", "parked"]):
            InboundUpdate.objects.create(bot=bot, update_id=number, raw=b"{}", state=state)
        shift_clock(1000 * DAY)
        retention.purge()
        assert InboundUpdate.objects.count() == 2

    def test_why_a_session_waits_that_is_still_open(self, shift_clock):
        RoutingAttempt.objects.create(session=make_session(make_bot(make_project()).project))
        shift_clock(1000 * DAY)
        retention.purge()
        assert RoutingAttempt.objects.count() == 1

    def test_the_state_somebody_is_in(self, shift_clock):
        PresenceInterval.objects.create(user=make_user(), state="away")
        shift_clock(1000 * DAY)
        retention.purge()
        assert PresenceInterval.objects.count() == 1

    def test_a_message_whose_call_is_forgotten(self, shift_clock):
        project = make_bot(make_project()).project
        agent = make_agent(project)
        session = make_session(project, owner=agent)
        message = make_message(session, direction=Message.Direction.OUT, delivery="sent")
        (call,) = outbox.queue(
            bot=session.bot, chat_id=5, calls=[("sendMessage", {})], send_within_s=9
        )
        MessagePart.objects.create(message=message, call=call)
        OutboundCall.objects.update(state="sent")
        shift_clock(91 * DAY)
        retention.purge()
        assert not MessagePart.objects.exists()
        message.refresh_from_db()
        assert (message.text, message.delivery) == ("Hello", "sent")
        with pytest.raises(Refusal, match="place_unknown"):
            changes.recall(session=session, actor=agent.user, message=message, key=uuid.uuid4())
