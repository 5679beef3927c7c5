"""The map of the week: who would be there, and where somebody was missed."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import clock
from projects.models import Project
from routing.actions import set_hours
from routing.hours import Span
from routing.models import Pool, PresenceInterval
from sessions_app.queries import coverage
from tests.factories import make_agent, make_company, make_member, make_project, make_session
from tests.support.api import browser
from tests.support.rules import text_of

pytestmark = pytest.mark.django_db(transaction=True)

# A Monday, so that four whole weeks end at its midnight.
NOW = datetime(2026, 11, 23, tzinfo=UTC)
WEEK = timedelta(weeks=1)


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def project():
    project = make_project(make_company("Acme"), name="Help")
    Project.objects.update(created_at=NOW - 10 * WEEK)
    project.refresh_from_db()
    return project


@pytest.fixture
def client(project):
    return browser(make_member(project.company, role="manager").user)


def agent(project, name="Alice", **fields):
    return make_agent(project, name, **({"added_at": NOW - 10 * WEEK} | fields))


def at(weeks, weekday, hour, minute=0):
    """So many weeks ago, counted from 1, by UTC."""
    return NOW - weeks * WEEK + timedelta(days=weekday, hours=hour, minutes=minute)


def was(one, state, begins, ends):
    PresenceInterval.objects.create(user=one.user, state=state, started_at=begins, ended_at=ends)


def nine_to_eleven(one, weeks=(1, 2, 3, 4), state="online"):
    """On Tuesdays."""
    for week in weeks:
        was(one, state, at(week, 1, 9), at(week, 1, 11))


def came(project, *moments):
    for moment in moments:
        make_session(project, opened_at=moment)


def there(project, weekday=1):
    """How many would be there on that day, by the hours in which anybody would."""
    week = coverage.coverage(project).week
    return {hour.hour: hour.agents for hour in week[weekday] if hour.agents}


def test_it_tells_the_mean_of_those_who_were_there(project):
    nine_to_eleven(agent(project))
    nine_to_eleven(agent(project, "Bob"), weeks=(1, 3))
    assert there(project) == {9: 1.5, 10: 1.5}
    assert there(project, weekday=2) == {}


def test_part_of_an_hour_is_part_of_somebody(project):
    one = agent(project)
    for week in (1, 2, 3, 4):
        was(one, "online", at(week, 1, 9, 30), at(week, 1, 10, 45))
    assert there(project) == {9: 0.5, 10: 0.75}


def test_the_week_is_that_of_the_projects_wall(project):
    Project.objects.update(time_zone="Asia/Kolkata")  # half past five ahead
    project.refresh_from_db()
    nine_to_eleven(agent(project))
    came(project, at(1, 6, 20))
    assert there(project) == {14: 0.5, 15: 1, 16: 0.5}
    assert [(one.weekday, one.hour) for one in coverage.coverage(project).gaps] == [(0, 1)]


def test_who_is_away_is_not_there(project):
    nine_to_eleven(agent(project), state="away")
    assert there(project) == {}


def test_a_hidden_page_counts_where_it_receives(project):
    nine_to_eleven(agent(project), state="hidden")
    assert there(project) == {9: 1, 10: 1}
    Pool.objects.update(hidden_pages_receive=False)
    assert there(project) == {}


def test_nobody_is_there_beyond_the_working_hours(project):
    one = agent(project)
    nine_to_eleven(one)
    set_hours(agent=one, spans=[Span(1, time(10), time(18))], actor=None)
    came(project, at(1, 1, 9, 30), at(1, 1, 10, 30))
    assert there(project) == {10: 1}
    assert [(gap.hour, gap.missed) for gap in coverage.coverage(project).gaps] == [(9, 1)]


def test_of_somebody_new_the_working_hours_are_believed(project):
    set_hours(agent=agent(project), spans=[Span(1, time(22), time(2))], actor=None)
    agent(project, "Bob")  # of whom nothing is known at all
    assert there(project) == {22: 1, 23: 1}
    assert there(project, weekday=2) == {0: 1, 1: 1}


def test_who_joined_lately_is_counted_by_his_own_weeks(project):
    nine_to_eleven(agent(project, added_at=NOW - WEEK), weeks=(1,))
    assert there(project) == {9: 1, 10: 1}


@pytest.mark.parametrize(
    "fields", [{"may_reply": False}, {"is_enabled": False}, {"removed_at": NOW}]
)
def test_who_cannot_receive_any_more_is_not_expected(project, fields):
    nine_to_eleven(agent(project, **fields))
    assert there(project) == {}


def test_only_the_list_is_expected_where_there_is_one(project):
    alice, bob = agent(project), agent(project, "Bob")
    nine_to_eleven(alice)
    nine_to_eleven(bob)
    Pool.objects.update(scope="specified")
    Pool.objects.get().specified.add(bob)
    assert there(project) == {9: 1, 10: 1}


def test_a_gap_is_where_somebody_came_and_nobody_was_there(project):
    nine_to_eleven(agent(project), weeks=(1, 2, 3))
    came(project, at(1, 1, 9, 5), at(4, 1, 9, 5), at(4, 1, 9, 50), at(1, 3, 3))
    found = coverage.coverage(project)
    gaps = [(gap.weekday, gap.hour, gap.came, gap.missed) for gap in found.gaps]
    assert gaps == [(1, 9, 3, 2), (3, 3, 1, 1)]
    assert (found.came, found.missed) == (4, 3)


def test_who_has_left_was_there_all_the_same(project):
    nine_to_eleven(agent(project, removed_at=at(2, 1, 10)))
    came(project, at(3, 1, 10, 30), at(2, 1, 9, 30), at(2, 1, 10, 30))
    assert [(gap.hour, gap.missed) for gap in coverage.coverage(project).gaps] == [(10, 1)]


def test_a_new_project_knows_nothing_of_hours_that_have_not_been(project):
    Project.objects.update(created_at=NOW - timedelta(hours=2))
    project.refresh_from_db()
    week = coverage.coverage(project).week
    known = [(one.weekday, one.hour) for day in week for one in day if one.agents is not None]
    assert known == [(6, 22), (6, 23)]


def test_what_was_not_read_is_not_judged(project, monkeypatch):
    monkeypatch.setattr(coverage, "SESSIONS", 2)
    came(project, at(4, 1, 9), at(2, 1, 9), at(1, 1, 9))
    found = coverage.coverage(project)
    assert (found.since, found.came) == (at(2, 1, 9), 2)


def test_more_people_and_sessions_ask_no_more_queries(project):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as caught:
            coverage.coverage(project)
        return len(caught)

    agent(project)
    before = queries()
    for number in range(5):
        nine_to_eleven(agent(project, f"Agent {number}"))
        came(project, at(1, 1, number))
    assert queries() == before


# ---------------------------------------------------------------- the page


def look(client, project, part=""):
    return client.get(f"/console/projects/{project.public_id}/coverage/{part}")


@pytest.mark.parametrize("part", ["", "now/"])
def test_the_page_marks_gaps_and_stays_calm_at_night(client, project, part):
    nine_to_eleven(agent(project), weeks=(1, 2, 3))
    came(project, at(4, 1, 9, 5), at(4, 1, 9, 50), at(1, 1, 9, 5))
    answer = look(client, project, part)
    cells = dict(answer.context["rows"])
    title = "Tuesday 09:00–10:00 · 0.8 there on the average"
    came_so = "3 sessions came, 2 while nobody was there"
    assert cells["09"][1] == {"text": "!2", "title": f"{title} · {came_so}", "look": "gap"}
    assert (cells["10"][1]["text"], cells["10"][1]["look"]) == ("0.8", "there-1")
    assert (cells["03"][1]["text"], cells["03"][1]["look"]) == ("·", "none")
    page = text_of(answer)
    assert "2 of 3 sessions came at moments when nobody was there." in page
    assert "Tuesday 09:00–10:00" in page
    assert answer.content.decode().count('class="num gap"') == 1


def test_the_page_says_that_nobody_was_missed(client, project):
    assert "No session has come yet" in text_of(look(client, project))
    nine_to_eleven(agent(project))
    came(project, at(1, 1, 9, 5))
    assert "1 session came, and somebody was there." in text_of(look(client, project))
