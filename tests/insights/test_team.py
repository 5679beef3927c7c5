"""Checks 1 to 6 and limits: each names evidence and a fix when it fails."""

import re

import pytest
from django.urls import reverse

from projects.models import Agent, Project
from routing.models import Lease, Pool, Presence
from sessions_app.models import Ping
from tests.factories import make_agent, make_lease, make_ping, make_receipt, make_session
from tests.insights.looking import ago, checks, failing, page_of, passing

pytestmark = pytest.mark.django_db


def test_1_nobody_has_the_page_open(project, lena, lease):
    Lease.objects.update(expires_at=ago(minutes=5))
    said, links = failing(project, "signed_in")
    assert said.startswith("None of 1 has the session page open. Lena: offline since ")
    assert links == {reverse("sessions:page")}


def test_2_everybody_who_is_there_is_away(project, lena):
    Presence.objects.filter(user=lena.user).update(status="away")
    said, links = failing(project, "online")
    assert said.startswith("Lena: away since ")
    assert links == {reverse("sessions:page")}
    assert passing(project, "signed_in")


def test_3_a_browser_may_not_notify(project, lease):
    tom = make_agent(project, "Tom")
    make_lease(tom.user, notify="denied")
    make_lease(make_agent(project, "Ivy").user, notify="default")
    said, _ = failing(project, "notifications")
    assert said == (
        "Tom: blocked in the browser Ivy: not allowed yet 1 of 3 who are here may be notified."
    )


def test_3_one_page_that_may_notify_is_enough(project, lena):
    make_lease(lena.user, notify="default", sound=True)
    said = passing(project, "notifications")
    assert said == "1 of 1 who is here may be notified. With sound: Lena."


def test_3_is_not_known_while_nobody_is_there(project):
    Lease.objects.all().delete()
    assert checks(project)["notifications"].state == "unknown"


def test_3_a_test_ping_that_was_shown_is_told(project, lena, lease):
    make_ping(lena.user, lease, ms=300, shown=True, sent_at=ago(seconds=30))
    said = passing(project, "notifications")
    assert re.search(
        r"Lena: the test ping of \d\d:\d\d arrived on 1 page in 0\.3 s and was shown", said
    )


def test_3_nothing_came_back(project, lena, lease):
    ping = make_ping(lena.user, sent_at=ago(seconds=5))
    assert "Lena: a test ping is under way." in passing(project, "notifications")
    Ping.objects.update(sent_at=ago(seconds=11))
    said, links = failing(project, "notifications")
    assert "Lena: no answer to the test ping of" in said
    assert links == {reverse("sessions:page")}
    make_receipt(ping, lease, shown=False)
    assert "arrived on 1 page" in failing(project, "notifications")[0]
    assert failing(project, "notifications")[0].endswith("not shown.")


def test_3_what_was_pinged_yesterday_says_nothing_about_now(project, lena):
    make_ping(lena.user, sent_at=ago(hours=2))
    assert "ping" not in passing(project, "notifications")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"may_reply": False}, "may not reply"), ({"is_enabled": False}, "disabled on this team")],
)
def test_4_nobody_on_the_team_may_reply(project, changes, reason):
    Agent.objects.update(**changes)
    said, links = failing(project, "team")
    assert said == f"0 of 1 are enabled and may reply. Lena: {reason}"
    assert links == {page_of(project, "team")}


def test_5_nobody_would_be_next(project, lena):
    make_session(project, owner=lena)
    Agent.objects.update(session_limit=1)
    make_agent(project, "Tom")
    said, links = failing(project, "next")
    assert said == "Lena: at limit 1 / 1 · Tom: has never been here"
    assert links == {page_of(project, "team"), reverse("sessions:page")}


@pytest.mark.parametrize(
    ("state", "said", "page"),
    [
        ("paused", "The project is paused.", "settings"),
        ("bot_invalid", "The project has no bot that works.", "bot"),
    ],
)
def test_5_a_project_that_routes_nothing_has_nobody_next(project, state, said, page):
    Project.objects.update(state=state)
    assert failing(project, "next") == (said, {page_of(project, page)})


def test_5_ties_that_are_broken_by_chance_name_everybody(project):
    make_lease(make_agent(project, "Tom").user)
    Pool.objects.update(mode="online_first", ties="random")
    said = passing(project, "next")
    assert said == "Online-First: one of them is next, by chance: Lena, Tom."


def test_6_the_list_is_empty_or_holds_nobody_who_may_reply(project, lena):
    Pool.objects.update(scope="specified")
    said, links = failing(project, "scope")
    assert said == "Specified Agents is chosen, and the list is empty."
    assert links == {page_of(project, "rules")}
    Pool.objects.get().specified.add(lena)
    assert passing(project, "scope") == "Specified Agents: Lena."
    Agent.objects.update(may_reply=False)
    assert "Lena: may not reply" in failing(project, "scope")[0]


def test_a_limit_is_all_that_stands_in_the_way(project, lena):
    make_session(project, owner=lena)
    Agent.objects.update(session_limit=1)
    said, links = failing(project, "limits")
    assert said == "1 of 1 who have a limit have reached it. Lena: at limit 1 / 1"
    assert links == {page_of(project, "team")}
    make_lease(make_agent(project, "Tom").user)
    assert passing(project, "limits")
