"""What the doctor says of a project as a whole."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bots.models import OutboundCall
from insights.checks import TEN, TITLES, examine
from insights.queries import facts
from projects.models import Project
from routing.models import Presence
from sessions_app.queries.guide import guide
from tests.factories import make_agent, make_bot, make_lease, make_project, make_session
from tests.insights.looking import ago, checks, hidden, passing

pytestmark = pytest.mark.django_db


def test_when_all_is_well_nothing_fails_and_it_says_what_it_has_seen(project):
    report = examine(facts(project))
    states = {check.code: check.state.value for check in report.checks}
    assert states == dict.fromkeys(TITLES, "pass") | {"links": "unknown", "dry_run": "unknown"}
    assert (report.state, report.counts) == ("pass", {"pass": 15, "fail": 0, "unknown": 2})
    assert all(check.evidence for check in report.checks)
    assert "Lena" in passing(project, "signed_in")
    assert passing(project, "next") == "Round-Robin: Lena is next."


def test_the_ten_have_the_numbers_and_the_titles_of_the_guide(project):
    sections = {heading.anchor: heading.title for heading in guide("checks").headings}
    for check in examine(facts(project)).checks:
        page, anchor = check.guide.split("#")
        assert page == "/help/checks/"
        said = f"{check.number}. {check.title}" if check.number else check.title
        assert sections[anchor] == said
    numbers = [check.number for check in examine(facts(project)).checks]
    assert numbers == [*range(1, TEN + 1), *[None] * (len(TITLES) - TEN)]


def test_a_project_with_nothing_in_it_is_told_what_it_needs():
    found = checks(make_project(state=Project.State.DRAFT))
    states = {
        state: {c for c, one in found.items() if one.state == state}
        for state in ("fail", "unknown")
    }
    assert states["fail"] == {"signed_in", "online", "team", "next", "bot"}
    with_bot = {"intake", "delivery", "rival"}
    assert states["unknown"] == {"notifications", "links", "pages", "dry_run", *with_bot}


def test_its_queries_do_not_grow_with_what_it_finds(project, bot):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            examine(facts(project))
        return len(captured)

    make_session(project)
    make_session(project, state="completed")
    few = queries()
    for number in range(10):
        agent = make_agent(project, f"Agent {number}")
        make_lease(agent.user)
        make_session(project, owner=agent)
        make_session(project)
        hidden(project)
        OutboundCall.objects.create(
            bot=bot, chat_id=1, method="x", params={}, state="failed", error_code=f"4{number}"
        )
    assert queries() == few
    assert few < 45


def test_it_looks_at_no_other_project(project):
    other = make_project(project.company, name="Other")
    make_bot(other, state="conflict")
    make_lease(make_agent(other, "Zoe").user, notify="denied")
    make_session(other, waiting_since=ago(hours=1))
    hidden(other)
    OutboundCall.objects.create(bot=other.bot, chat_id=1, method="x", params={}, state="uncertain")
    assert examine(facts(project)).failed == []


def test_without_names_agents_are_called_by_their_place(project, lena):
    make_agent(project, "Tom Okafor")
    Presence.objects.filter(user=lena.user).update(status="away")
    named, nameless = (str(examine(one).as_json()) for one in pair(project))
    assert "Tom Okafor" in named
    assert "agent 2" in nameless
    assert "Tom" not in nameless
    assert "Lena" not in nameless


def pair(project):
    found = facts(project)
    return found, found.without_names()
