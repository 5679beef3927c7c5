"""The page of today says what is so, and why."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bots.models import Bot, OutboundCall
from core import clock
from projects.models import Project
from routing.models import Pool, Presence
from sessions_app.actions.routing import route_project
from sessions_app.models import ChatSession
from tests.factories import (
    make_agent,
    make_bot,
    make_company,
    make_customer,
    make_lease,
    make_member,
    make_message,
    make_project,
    make_session,
)
from tests.support.api import browser

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def project():
    return make_project(make_company("Acme"), name="Help", time_zone="Asia/Tokyo")


@pytest.fixture
def bot(project):
    now = clock.now()
    return make_bot(project, last_read_at=now, lease_expires_at=now + timedelta(seconds=60))


@pytest.fixture
def client(project):
    return browser(make_member(project.company, role="manager").user)


def look(client, project, part=""):
    answer = client.get(f"/console/projects/{project.public_id}/{part}")
    assert answer.status_code == 200
    return answer


def text_of(answer):
    return " ".join(answer.content.decode().split())


def ago(**span):
    return clock.now() - timedelta(**span)


def present(project, name, **fields):
    agent = make_agent(project, name, **fields)
    make_lease(agent.user)
    return agent


# ---------------------------------------------------------------- numbers


def test_it_counts_what_waits_what_is_open_and_who_can_receive(client, project, bot):
    alice = present(project, "Alice")
    make_agent(project, "Bob")
    make_session(project, owner=alice)
    make_session(project, owner=alice, state=ChatSession.State.COMPLETED)
    make_session(project, waiting_since=ago(minutes=4, seconds=10))
    make_session(project, waiting_since=ago(seconds=3))
    today = look(client, project).context["today"]
    assert (today.waiting_count, today.open_count, len(today.able)) == (2, 1, 1)
    page = text_of(look(client, project))
    assert "1 of 2" in page
    assert "oldest 4 min" in page
    assert "1 offline" in page


def test_it_counts_what_was_not_delivered(client, project, bot):
    for state in ("failed", "failed", "uncertain", "sent"):
        OutboundCall.objects.create(
            bot=bot, chat_id=1, method="sendMessage", params={}, state=state
        )
    page = text_of(look(client, project))
    assert "1 uncertain · 2 failed" in page
    assert look(client, project).context["today"].undelivered == 3


def test_it_counts_nothing_of_another_project(client, project, bot):
    other = make_project(project.company, name="Other")
    make_agent(other, "Zoe")
    make_session(other)
    today = look(client, project).context["today"]
    assert (today.waiting_count, today.agents) == (0, [])


# ---------------------------------------------------------------- agents


def test_it_gives_the_true_state_and_the_reason_of_each_agent(client, project, bot):
    present(project, "Able")
    away = present(project, "Away")
    Presence.objects.filter(user=away.user).update(status="away", changed_at=ago(days=40))
    make_agent(project, "Gone")
    make_session(project, owner=present(project, "Busy", session_limit=1))
    present(project, "Mute", may_reply=False)
    present(project, "Dis", is_enabled=False)
    rows = {row["name"]: row for row in look(client, project).context["agents"]}
    assert rows["Able"]["state_words"] == "can receive"
    assert rows["Away"]["state_words"].startswith("away since ")
    assert rows["Gone"]["state_words"] == "has never been here"
    assert rows["Busy"]["state_words"] == "at limit 1 / 1"
    assert rows["Busy"]["load"] == "1 / 1"
    assert rows["Mute"]["state_words"] == "may not reply"
    assert rows["Dis"]["state_words"] == "disabled on this team"
    assert {name: row["look"] for name, row in rows.items()} == {
        "Able": "good",
        "Away": "warn",
        "Gone": "",
        "Busy": "warn",
        "Mute": "bad",
        "Dis": "bad",
    }


def test_it_tells_times_of_day_in_the_projects_zone(client, project, bot):
    agent = make_agent(project, "Gone")
    noon = clock.now().replace(hour=12, minute=34) - timedelta(days=1)
    make_lease(agent.user, expires_at=noon)
    (row,) = look(client, project).context["agents"]
    assert row["state_words"].endswith("21:34")  # Tokyo is nine hours ahead, all year


# ---------------------------------------------------------------- the line


def test_it_shows_the_first_twenty_in_order_and_how_many_more(client, project, bot):
    for number in range(22):
        make_session(
            project,
            customer=make_customer(project, f"Customer {number}"),
            queued_at=ago(minutes=60 - number),
        )
    answer = look(client, project)
    shown = [row["session"].customer.name for row in answer.context["waiting"]]
    assert shown == [f"Customer {number}" for number in range(20)]
    assert "and 2 more" in text_of(answer)


def test_it_says_why_a_session_waits_and_what_was_written(client, project, bot):
    session = make_session(project)
    make_message(session, "Where is my parcel?")
    make_agent(project, "Alice")
    route_project(project_id=project.pk, trigger="opened")
    present(project, "Bob")  # so that there is no alarm that says it
    answer = look(client, project)
    (row,) = answer.context["waiting"]
    assert row["why"] == "Alice: has never been here"
    assert "Where is my parcel?" in answer.content.decode()


def test_a_session_that_nobody_tried_to_route_yet_says_so(client, project, bot):
    present(project, "Alice")
    make_session(project)
    (row,) = look(client, project).context["waiting"]
    assert row["why"] == "Will be routed in a moment."


# ---------------------------------------------------------------- alarms


def alarm(client, project):
    """What the alarm says; empty if there is none."""
    page = text_of(look(client, project))
    return page.partition('class="alarm"')[2].partition("</section>")[0]


def test_it_is_alarmed_when_sessions_wait_and_nobody_can_receive(client, project, bot):
    make_session(project, waiting_since=ago(minutes=4))
    make_session(project)
    make_agent(project, "Alice")
    present(project, "Bob", may_reply=False)
    said = alarm(client, project)
    assert "2 sessions wait, and nobody can receive them." in said
    assert "The oldest waits 4 min" in said
    assert "Alice: has never been here · Bob: may not reply" in said


def test_it_says_once_what_the_alarm_says(client, project, bot):
    make_session(project)
    make_agent(project, "Alice")
    route_project(project_id=project.pk, trigger="opened")
    assert text_of(look(client, project)).count("Alice: has never been here") == 1


def test_it_is_not_alarmed_while_somebody_can_receive(client, project, bot):
    make_session(project)
    present(project, "Alice")
    assert alarm(client, project) == ""


def test_it_is_not_alarmed_while_nothing_waits(client, project, bot):
    make_agent(project, "Alice")
    assert alarm(client, project) == ""


def test_it_says_when_the_list_of_specified_agents_is_the_reason(client, project, bot):
    present(project, "Alice")
    make_session(project)
    Pool.objects.filter(project=project).update(scope="specified")
    assert "not in the scope" in alarm(client, project)


@pytest.mark.parametrize(
    ("state", "sentence"),
    [("paused", "The project is paused."), ("bot_invalid", "The project has no bot that works.")],
)
def test_it_says_when_the_project_itself_is_the_reason(client, project, bot, state, sentence):
    present(project, "Alice")
    make_session(project)
    Project.objects.update(state=state)
    said = alarm(client, project)
    assert sentence in said
    assert "Alice" not in said


def test_it_names_five_agents_and_counts_the_rest(client, project, bot):
    for number in range(8):
        make_agent(project, f"Agent{number}")
    make_session(project)
    said = alarm(client, project)
    assert "Agent4" in said
    assert "Agent5" not in said
    assert "3 more" in said


# ---------------------------------------------------------------- the bot


@pytest.mark.parametrize(
    ("fields", "look_", "sentence"),
    [
        ({}, "good", "reads, "),
        ({"state": Bot.State.INVALID}, "bad", "Telegram refuses its token"),
        ({"state": Bot.State.CONFLICT}, "bad", "another program reads this bot"),
        ({"lease_expires_at": None}, "bad", "nobody reads it"),
        ({"last_read_at": None}, "warn", "begins to read"),
    ],
)
def test_it_says_how_the_bot_does(client, project, bot, fields, look_, sentence):
    Bot.objects.update(**fields)
    health = look(client, project).context["bot_health"]
    assert health.look == look_
    assert health.sentence.startswith(sentence)


def test_it_says_when_telegram_has_not_answered_a_read_for_long(client, project, bot):
    Bot.objects.update(last_read_at=ago(minutes=5))
    health = look(client, project).context["bot_health"]
    assert (health.look, health.sentence) == ("warn", "answers late")
    assert "5 min" in health.detail


def test_it_says_what_keeps_the_bot_from_reading(client, project, bot):
    Bot.objects.update(last_error="Connection refused", last_error_at=clock.now())
    health = look(client, project).context["bot_health"]
    assert (health.look, health.sentence) == ("bad", "cannot read")
    assert "Connection refused" in text_of(look(client, project))


# ---------------------------------------------------------------- the way to the first customer


def steps(client, project):
    found = look(client, project).context["steps"]
    return [step["name"] for step in found if not step["is_done"]]


def test_it_leads_a_new_project_to_its_first_customer(client, project):
    assert steps(client, project) == ["bot", "team", "message"]
    bot = make_bot(project)
    assert steps(client, project) == ["team", "message"]
    make_agent(project, "Alice")
    assert steps(client, project) == ["message"]
    assert f"/{bot.username}" in text_of(look(client, project))
    make_session(project)
    assert look(client, project).context["steps"] == []


# ---------------------------------------------------------------- staying current


def test_the_part_that_renews_itself_is_the_same_without_its_surroundings(client, project, bot):
    present(project, "Alice")
    make_session(project)
    whole, part = look(client, project), look(client, project, "now/")
    assert "data-refresh" in whole.content.decode()
    assert "<nav" not in part.content.decode()
    assert 'data-part="waiting"' in part.content.decode()
    # a token in it would make it look new each time
    assert "csrfmiddlewaretoken" not in part.content.decode()


def test_its_queries_do_not_grow_with_what_it_shows(client, project, bot):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            look(client, project)
        return len(captured)

    present(project, "Alice")
    make_session(project)
    few = queries()
    for number in range(10):
        make_session(project, owner=make_agent(project, f"Agent {number}"))
        make_session(project)
    assert queries() == few
