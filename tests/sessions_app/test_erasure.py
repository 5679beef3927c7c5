"""A customer is erased: nothing of the person is left in any table, and what is counted stays."""

import json
from io import StringIO
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import models

from accounts.models import AuditEntry
from bots.models import ChatPause, InboundUpdate, OutboundCall
from core import clock
from core.errors import Refusal
from live.events import item
from live.models import Event
from live.queries import events_after
from redirects.actions import clicks
from redirects.capture import Visit
from redirects.models import Click, EarlyStart, Link
from sessions_app.actions import changes, messages, ownership
from sessions_app.actions.erasure import erase
from sessions_app.models import Assignment, ChatSession, Customer, Message, ReadMark
from sessions_app.queries import feed_access
from sessions_app.queries.ledger import Period, ledger, total
from sessions_app.queries.pages import snapshot
from tests.factories import make_bot, make_link, make_member
from tests.support import api
from tests.support.calls import REFUSED, sent, settle
from tests.support.reducer import after
from tests.support.source import our_apps
from tests.support.updates import Person, take_in

pytestmark = pytest.mark.django_db

CANARY = "Xanthippe"
IP = "203.0.113.7"
TEXTS = (models.CharField, models.TextField, models.JSONField, models.BinaryField)
NUMBERS = (models.BigIntegerField, models.GenericIPAddressField)
# Columns of a customer's rows that hold nothing of the person, and why.
OURS = {
    "sessions_app.Message.kind": "of which kind it was",
    "sessions_app.Message.delivery_error": "a code",
    "sessions_app.MessageChange.error_before": "a code",
    "sessions_app.ChatSession.last_message_direction": "who wrote last",
    "sessions_app.RoutingAttempt.trigger": "a code",
    "sessions_app.RoutingAttempt.mode": "a code",
    "sessions_app.RoutingAttempt.scope": "a code",
    "sessions_app.RoutingAttempt.project_code": "a code",
    "redirects.Click.ticket": "made by us, and known to nobody once his messages are gone",
}


@pytest.fixture
def bot(project):
    return make_bot(project)


@pytest.fixture
def link(project):
    return make_link(project, name="Poster", campaign="spring")


@pytest.fixture
def boss(project):
    return make_member(project.company, role="owner").user


@pytest.fixture
def carol(bot, link, alice, bob, boss):
    """Who has done all that leaves a trace, in two sessions; the second one is open."""
    person = Person(bot, CANARY, last_name=CANARY, username=CANARY, language_code="x-Xanthippe")
    click = clicked(link)
    start = person.starts(click.ticket)
    take_in(bot, start, hello := person.says(f"I am {CANARY}"))
    take_in(bot, person.edits(hello, f"I am still {CANARY}"))
    take_in(bot, person.sends(photo=[{"file_id": CANARY}], caption=CANARY))
    ownership.claim(session=session(), actor=alice.user)
    first = say(alice, f"Dear {CANARY}")
    settle(bot, sent(7))
    edited = Message.objects.select_related("session").get(pk=first.pk)
    how = {"session": edited.session, "actor": alice.user, "message": edited, "key": uuid4()}
    changes.edit(text=f"Dearest {CANARY}", **how)
    settle(bot, sent(7))
    say(alice, f"{CANARY}, are you there?")
    settle(bot, REFUSED)
    messages.mark_read(session=session(), agent=alice, seen=1)
    ownership.transfer(session=session(), actor=boss, to=bob, reason=CANARY)
    ownership.put_back(session=session(), actor=boss, reason=f"{CANARY} again")
    ownership.claim(session=session(), actor=alice.user)
    ownership.complete(session=session(), actor=alice.user)
    take_in(bot, person.says(f"{CANARY} is back"))
    take_in(bot, person.starts("A" * 22))
    ownership.claim(session=session(), actor=alice.user)
    say(alice, f"Welcome back, {CANARY}")  # waits to be sent
    ChatPause.objects.create(bot=bot, chat_id=person.id, until=clock.now())
    for number, state in ((1, "pending"), (2, "parked")):
        raw = json.dumps(person.says(CANARY)).encode()
        InboundUpdate.objects.create(bot=bot, update_id=number, raw=raw, state=state, error=CANARY)
    return person


def clicked(link, **said):
    visit = Visit(
        ip=IP,
        user_agent=f"Mozilla/5.0 {CANARY}",
        language=CANARY,
        referrer=f"https://{CANARY}.example/",
        params=[["name", CANARY]],
        utm={"source": CANARY},
    )
    click = clicks.NewClick(link_id=link.pk, at=clock.now(), visit=visit, state=Link.State.ACTIVE)
    clicks.store([click])
    return click


def session():
    return ChatSession.objects.for_page().latest("pk")


def say(agent, text):
    return messages.reply(session=session(), actor=agent.user, key=uuid4(), text=text)


def customer(person):
    return Customer.objects.select_related("project").get(telegram_id=person.id)


def held(*sought):
    """The columns of our tables that hold any of this, in any row."""
    found = set()
    for model in apps.get_models():
        columns = [f for f in model._meta.concrete_fields if isinstance(f, (*TEXTS, *NUMBERS))]
        for row in model._default_manager.all():
            for column in columns:
                value = getattr(row, column.attname)
                text = bytes(value).decode() if isinstance(column, models.BinaryField) else value
                if any(str(one) in str(text) for one in sought):
                    found.add(f"{model._meta.label}.{column.name}")
    return found


def test_nothing_of_the_person_is_left_anywhere(bot, carol, alice, boss):
    sought = CANARY, carol.id, IP
    before = held(*sought)
    assert {
        "sessions_app.Customer.first_name",
        "sessions_app.Customer.telegram_id",
        "sessions_app.ChatSession.last_message_text",
        "sessions_app.Message.text",
        "sessions_app.Message.data",
        "sessions_app.Message.versions",
        "sessions_app.Message.chat_id",
        "sessions_app.MessageChange.text_before",
        "sessions_app.Assignment.note",
        "bots.OutboundCall.params",
        "bots.InboundUpdate.raw",
        "bots.InboundUpdate.error",
        "bots.ChatPause.chat_id",
        "redirects.Click.ip",
        "redirects.Click.params",
        "redirects.Click.person",
        "redirects.EarlyStart.person",
        "live.Event.payload",
    } <= before
    assert erase(customer=customer(carol), actor=boss)
    assert held(*sought) == set()


def test_no_column_of_a_customers_rows_is_forgotten(bot, carol, boss):
    """Every column that can hold text is filled by hand, those that are added later too."""
    filled = set()
    for model in of_a_customer():
        for column in model._meta.concrete_fields:
            if isinstance(column, TEXTS) and not column.choices and not column.unique:
                fill(model, column)
                filled.add(f"{model._meta.label}.{column.name}")
    assert erase(customer=customer(carol), actor=boss)
    left = held(CANARY)
    assert left - OURS.keys() == set()
    assert OURS.keys() - filled <= {"redirects.Click.ticket"}  # none is excused for nothing


def fill(model, column):
    value = {
        models.JSONField: {"said": CANARY},
        models.BinaryField: None,
    }.get(type(column), CANARY[: column.max_length] if column.max_length else CANARY)
    if value is not None and (column.max_length or 99) >= len(CANARY):
        model._default_manager.update(**{column.name: value})


def of_a_customer():
    """His row, what refers to it, what refers to that, and those tables that name him by number."""
    found: set[type[models.Model]] = {Click, EarlyStart, OutboundCall, InboundUpdate, ChatPause}
    new: set[type[models.Model]] = {Customer}
    while new:
        found |= new
        new = {
            relation.related_model
            for model in new
            for relation in model._meta.related_objects
            if relation.related_model._meta.app_label in our_apps()
        } - found
    return found


def test_what_is_counted_stays(bot, carol, alice, boss, project, link):
    today = clock.now().date()
    period = Period(today.replace(day=1), today, ZoneInfo("UTC"))
    counted = total(ledger(project, period).values())
    rows = ["ChatSession", "Message", "MessageChange", "Assignment"]
    before = [apps.get_model("sessions_app", name)._default_manager.count() for name in rows]
    assert (counted.visits, counted.starts, counted.answered) == (1, 1, 1)
    erase(customer=customer(carol), actor=boss)
    assert total(ledger(project, period).values()) == counted
    assert [
        apps.get_model("sessions_app", name)._default_manager.count() for name in rows
    ] == before
    assert not ReadMark.objects.exists()
    states = ChatSession.objects.values_list("state", flat=True)
    assert set(states) == {"erased"}
    assert Assignment.objects.latest("pk").ended_because == "erased"


def test_the_line_in_the_audit_log_names_nobody(bot, carol, boss, project):
    erase(customer=customer(carol), actor=boss)
    entry = AuditEntry.objects.get(verb="customer.erased")
    assert (entry.actor, entry.target, entry.data) == (boss, project.name, {"sessions": 2})


def test_pages_lose_it_and_are_told_why(bot, carol, alice, boss, project):
    users = [alice.user, boss]
    pages = [fresh(user, project) for user in users]
    last = Event.objects.filter(stream=project.public_id).latest("number").number
    erase(customer=customer(carol), actor=boss)
    news = events_after(project.public_id, last, 1000)
    gone = [event for event in news if event.payload.get("erased")]
    assert [(event.audience, event.payload["was"]) for event in gone] == [
        ([], "completed"),
        ([], "assigned"),
    ]
    for user, page in zip(users, pages, strict=True):
        now = fresh(user, project)
        assert (now["mine"], now["completed"]) == ([], [])
        mine = feed_access(user.pk, project.public_id)
        told = [json.loads(text) for text in (item(one).seen_by(mine) for one in news) if text]
        assert [one["data"]["erased"] for one in told if one["kind"] == "session.gone"] == [
            True
        ] * 2
        ours = after(page, told)
        for name in ("head", "counts", "mine", "unassigned", "completed"):
            assert ours[name] == now[name], name
        assert [row["open"] for row in ours["presence"]] == [0, 0]


def fresh(user, project):
    return json.loads(json.dumps(snapshot(user, project.public_id)))


def test_a_page_that_is_behind_reads_nothing_of_him(bot, carol, boss, project):
    erase(customer=customer(carol), actor=boss)
    told = [event.payload for event in events_after(project.public_id, 0, 1000)]
    assert any(payload.get("kind") == "recalled" for payload in told)
    assert CANARY not in json.dumps(told)


def test_his_sessions_are_found_by_nobody(bot, carol, boss):
    mine = session()
    erase(customer=customer(carol), actor=boss)
    for user in (boss, mine.owner.user):
        assert api.code(api.get(user, f"sessions/{mine.public_id}")) == (404, "not_found")
    with pytest.raises(Refusal):
        ownership.reopen(session=mine, actor=mine.owner.user)


def test_who_writes_again_is_a_new_customer(bot, carol, boss):
    erased = customer(carol)
    erase(customer=erased, actor=boss)
    take_in(bot, carol.says("Hello, I am new here"))
    him = customer(carol)
    assert him.pk != erased.pk
    assert him.sessions.get().messages.filter(direction="in").count() == 1


def test_what_telegram_repeats_does_not_come_back(bot, carol, boss):
    said = carol.says("Once")
    take_in(bot, said)
    erase(customer=customer(carol), actor=boss)
    take_in(bot, said)
    assert not Customer.objects.filter(telegram_id=carol.id).exists()


def test_his_ticket_binds_nobody_else(bot, carol, boss, link):
    ticket = Click.objects.get().ticket
    erase(customer=customer(carol), actor=boss)
    take_in(bot, (dave := Person(bot, "Dave")).starts(ticket))
    came = ChatSession.objects.get(customer__telegram_id=dave.id)
    assert (came.link, came.click, Click.objects.get().person) == (link, None, None)


def test_others_keep_theirs(bot, carol, boss, link, alice):
    dave = Person(bot, "Dave")
    click = clicked(link)
    # names him by number, and is Dave's
    take_in(bot, dave.starts(click.ticket), dave.says(f"Do you know {carol.id}?"))
    ReadMark.objects.create(session=session(), agent=alice, seen=1)
    erase(customer=customer(carol), actor=boss)
    theirs = session()
    assert theirs.state != "erased"
    assert theirs.click.ip == IP
    assert theirs.messages.filter(text=f"Do you know {carol.id}?").exists()
    assert InboundUpdate.objects.exclude(raw=b"").count() == 2
    assert ReadMark.objects.count() == 1


def test_it_is_done_once(bot, carol, boss):
    erase(customer=(him := customer(carol)), actor=boss)
    assert not erase(customer=him, actor=boss)
    assert AuditEntry.objects.filter(verb="customer.erased").count() == 1


def test_managers_may_and_agents_may_not(bot, carol, boss, alice):
    mine = session()
    assert api.code(api.act(alice.user, mine, "erase")) == (403, "forbidden")
    assert customer(carol).erased_at is None
    assert api.ok(api.act(boss, mine, "erase"))["session"] is None
    assert not Customer.objects.filter(telegram_id=carol.id).exists()


def test_a_drain_that_waited_knows_nothing_of_him(bot, carol, boss):
    """An edit of what is erased finds no original, and is dropped in the end."""
    hello = carol.says("Hello")
    take_in(bot, hello)
    erase(customer=customer(carol), actor=boss)
    take_in(bot, carol.edits(hello, "Hello again"))
    assert not Message.objects.filter(text="Hello again").exists()


def test_the_command_asks_and_erases(bot, carol, project):
    def run(*more, person=carol.id):
        out = StringIO()
        call_command(
            "erase_customer",
            "--project",
            project.name,
            f"--telegram-id={person}",
            *more,
            stdout=out,
        )
        return json.loads(out.getvalue())

    assert run() == {"customer": str(customer(carol).public_id), "sessions": 2, "erased": False}
    assert run("--yes")["erased"] is True
    with pytest.raises(CommandError, match="no customer"):
        run("--yes")
    with pytest.raises(CommandError, match="no customer"):
        run(person=1)
