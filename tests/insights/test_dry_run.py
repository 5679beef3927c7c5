"""A dry run goes the way of customers' messages, says how far it came, and leaves nothing behind."""

import json
import time

import pytest

from bots.actions import inbox
from bots.models import Bot, InboundUpdate, OutboundCall
from live.models import Event
from routing.models import Pool
from sessions_app.actions import dry_runs
from sessions_app.actions.inbox import drain
from sessions_app.models import ChatSession, Customer, DryRun, Message, RoutingAttempt
from tests.factories import make_agent, make_bot, make_member, make_project
from tests.insights.looking import checks, failing, page_of, passing
from tests.insights.test_command import offline
from tests.support.api import browser
from tests.support.threads import together
from tests.support.updates import Person, store

pytestmark = pytest.mark.django_db

LEFT = (ChatSession, Customer, Message, RoutingAttempt, OutboundCall, Event)


def send(project):
    client = browser(make_member(project.company, role="manager").user)
    return client.post(f"/console/projects/{project.public_id}/doctor/dry-run/", follow=True)


def test_it_comes_through_and_leaves_nothing_behind(project, bot):
    before = Bot.objects.values("last_update_at", "last_read_at", "next_offset").get()
    turn = Pool.objects.get().turn
    assert "on its way" in send(project).content.decode()
    assert checks(project)["dry_run"].state == "unknown"
    assert drain(bot.pk) == 1
    said = passing(project, "dry_run")
    assert "A worker has taken it out of the inbox after " in said
    assert "The router would have given it to Lena." in said
    assert [model.objects.count() for model in LEFT] == [0] * len(LEFT)
    assert Bot.objects.values("last_update_at", "last_read_at", "next_offset").get() == before
    assert Pool.objects.get().turn == turn
    assert InboundUpdate.objects.get().state == "done"


def test_it_is_taken_among_the_others_and_holds_none_up(project, bot):
    dry_runs.ask(bot=bot, asked_by=None)
    store(bot, Person(bot).says("Hello"))
    assert drain(bot.pk) == 2
    assert Message.objects.filter(text="Hello").exists()
    assert DryRun.objects.get().decided_at


def test_without_a_worker_it_says_so(project, bot, shift_clock):
    send(project)
    shift_clock(29)
    assert checks(project)["dry_run"].state == "unknown"
    shift_clock(2)
    said, links = failing(project, "dry_run")
    assert "No worker has taken it out of the inbox for 31 s." in said
    assert links == {""}


def test_a_router_that_fails_is_told_apart(project, bot, shift_clock, monkeypatch):
    def broken(project):
        raise RuntimeError

    monkeypatch.setattr(dry_runs, "rehearse", broken)
    send(project)
    drain(bot.pk)
    shift_clock(31)
    assert "The router has not answered." in failing(project, "dry_run")[0]


def test_nobody_to_receive_it_fails_and_leads_to_the_rules(project, bot, lena):
    lena.user.presence.status = "away"
    lena.user.presence.save()
    send(project)
    drain(bot.pk)
    said, links = failing(project, "dry_run")
    assert "given it to nobody. Check 5 says why." in said
    assert links == {page_of(project, "rules")}


def test_a_paused_project_says_that_it_is_paused(project, bot):
    type(project).objects.update(state="paused")
    send(project)
    drain(bot.pk)
    assert "The project is paused." in failing(project, "dry_run")[0]


def test_who_presses_twice_asks_once_and_an_old_answer_is_forgotten(project, bot, shift_clock):
    send(project)
    send(project)
    assert DryRun.objects.count() == 1
    drain(bot.pk)
    shift_clock(3601)
    assert checks(project)["dry_run"].state == "unknown"
    assert "No dry run in the last hour." in checks(project)["dry_run"].evidence


@pytest.mark.parametrize(
    "mark", ["5d070989-e850-48bb-8b4d-44337ae224c3", "nonsense", 7, None, {"chat": {"id": 5}}]
)
def test_a_mark_that_nobody_has_made_is_ignored(project, bot, mark):
    raw = json.dumps({"update_id": 5, "tgstaff_dry_run": mark}).encode()
    inbox.store(bot_id=bot.pk, updates=[(5, raw)], next_offset=None, epoch=None)
    drain(bot.pk)
    assert InboundUpdate.objects.get().state in {"done", "parked"}
    assert not ChatSession.objects.exists()


def test_one_of_another_bot_is_none_of_ours(project, bot):
    other = make_bot(make_project())
    run = dry_runs.ask(bot=other, asked_by=None)
    raw = json.dumps({"update_id": 5, "tgstaff_dry_run": str(run.public_id)}).encode()
    inbox.store(bot_id=bot.pk, updates=[(5, raw)], next_offset=None, epoch=None)
    drain(bot.pk)
    assert DryRun.objects.get().taken_at is None


def test_a_project_without_a_bot_says_so():
    project = make_project()
    page = send(project).content.decode()
    assert not DryRun.objects.exists()
    assert "bot" in page


def test_the_report_names_nobody(project, bot):
    make_agent(project, "Tom")
    send(project)
    drain(bot.pk)
    _code, said = offline(project, "--json")
    assert "Lena" not in said
    (check,) = [one for one in json.loads(said)["checks"] if one["code"] == "dry_run"]
    assert "agent 1" in " ".join(check["evidence"])


@pytest.mark.django_db(transaction=True)
def test_the_command_waits_for_the_answer(project, bot):
    def work():
        while not drain(bot.pk):
            time.sleep(0.05)

    (code, said), _ = together(lambda: offline(project, "--dry-run"), work)
    assert code == 0
    assert "ok   A dry run comes through" in said
