"""One agent's page: rights, a limit, working hours."""

import html
import re
from datetime import time

import pytest

from accounts.models import AuditEntry
from tests.factories import make_agent, make_company, make_member, make_project
from tests.support.api import browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project(make_company("Acme"), name="Help")


@pytest.fixture
def manager(project):
    return make_member(project.company, role="manager").user


@pytest.fixture
def client(manager):
    return browser(manager)


@pytest.fixture
def trio(project):
    return [make_agent(project, name) for name in ("Alice", "Bob", "Cleo")]


def errors_of(answer):
    assert answer.status_code == 200
    return dict(answer.context["form"].errors)


# ---------------------------------------------------------------- rights

RIGHTS = {"may_reply": "on", "may_transfer": "on", "may_complete": "on", "is_enabled": "on"}


def change(client, agent, **sent):
    given = {name: value for name, value in (RIGHTS | sent).items() if value is not None}
    return client.post(f"/console/agents/{agent.public_id}/", given)


def test_it_sets_rights_and_a_limit(client, manager, project, trio):
    alice = trio[0]
    answer = change(client, alice, session_limit="5", may_transfer=None, may_see_others="on")
    assert answer["Location"] == f"/console/projects/{project.public_id}/team/"
    alice.refresh_from_db()
    assert (alice.session_limit, alice.may_transfer, alice.may_see_others) == (5, False, True)
    entry = AuditEntry.objects.get(verb="agent.changed")
    assert entry.actor == manager
    assert entry.data == {
        "agent": "Alice",
        "session_limit": 5,
        "may_transfer": False,
        "may_see_others": True,
    }


def test_an_empty_limit_is_none(client, project):
    alice = make_agent(project, "Alice", session_limit=3)
    change(client, alice, session_limit="")
    alice.refresh_from_db()
    assert alice.session_limit is None


@pytest.mark.parametrize("limit", ["0", "-1", "1001", "many", "2.5", "9" * 40, "\x00"])
def test_a_limit_that_makes_no_sense_is_named(client, trio, limit):
    answer = change(client, trio[0], session_limit=limit, may_reply=None)
    assert errors_of(answer) == {"session_limit": ["This is a whole number from 1 to 1000."]}
    trio[0].refresh_from_db()
    assert (trio[0].session_limit, trio[0].may_reply) == (None, True)


def test_it_says_where_an_agent_is_disabled(client, project, trio):
    change(client, trio[0], is_enabled=None)
    page = client.get(f"/console/projects/{project.public_id}/team/").content.decode()
    assert page.count("disabled on this team") == 1


# ---------------------------------------------------------------- working hours


def save_hours(client, agent, **days):
    return client.post(f"/console/agents/{agent.public_id}/hours/", days)


def test_it_saves_a_week(client, manager, project, trio):
    answer = save_hours(client, trio[0], day_0="9-12:30, 13:30–18.00", day_5="22:00 - 6:00")
    assert answer["Location"] == f"/console/agents/{trio[0].public_id}/"
    rows = trio[0].working_spans.order_by("weekday", "begins")
    assert [(row.weekday, str(row.span)) for row in rows] == [
        (0, "09:00–12:30"),
        (0, "13:30–18:00"),
        (5, "22:00–06:00"),
    ]
    entry = AuditEntry.objects.get(verb="agent.hours")
    assert (entry.actor, entry.data["agent"]) == (manager, "Alice")
    assert entry.data["hours"][-1] == "Saturday 22:00–06:00"
    page = client.get(f"/console/agents/{trio[0].public_id}/").content.decode()
    assert 'value="09:00–12:30, 13:30–18:00"' in page
    assert 'value="22:00–06:00"' in page


def test_the_whole_day_and_none_at_all(client, trio):
    save_hours(client, trio[0], day_6="0-24")
    (row,) = trio[0].working_spans.all()
    assert (row.begins, row.ends) == (time.min, time.min)
    save_hours(client, trio[0])
    assert not trio[0].working_spans.exists()


@pytest.mark.parametrize(
    "text",
    ["9", "25:00-26:00", "9:60-10:00", "9-10-11", "nine to five", "9-10 11-12", "\x00", "24:01-3"],
)
def test_hours_that_cannot_be_read_are_named(client, trio, text):
    answer = save_hours(client, trio[0], day_1=text, day_2="9-10")
    assert list(answer.context["hours"].errors) == ["day_1"]
    assert not trio[0].working_spans.exists()


def test_hours_with_time_in_common_are_named(client, trio):
    answer = save_hours(client, trio[0], day_0="22-6", day_1="5-9")
    said = answer.context["hours"].non_field_errors()
    assert said == ["22:00–06:00 and 05:00–09:00 have time in common."]


def shown(client, agent):
    """What the page sends back of what it has shown: by its form's place."""
    page = client.get(f"/console/agents/{agent.public_id}/").content.decode()
    found = re.findall(r'<input type="hidden" name="seen" value="([^"]*)"', page)
    return [html.unescape(text) for text in found]


def test_who_saves_rights_over_newer_ones_is_told_and_may_then(client, trio):
    alice = trio[0]
    rights, _hours = shown(client, alice)
    change(client, alice, session_limit="5", seen=rights)
    answer = change(client, alice, may_reply=None, seen=rights)
    (said,) = errors_of(answer)["__all__"]
    assert "Somebody has changed this meanwhile: " in said
    assert ": 5. Nothing of yours is saved yet." in said
    alice.refresh_from_db()
    assert (alice.session_limit, alice.may_reply) == (5, True)
    again = html.unescape(re.search(r'name="seen" value="([^"]*)"', answer.content.decode())[1])
    assert change(client, alice, may_reply=None, session_limit="5", seen=again).status_code == 302
    alice.refresh_from_db()
    assert (alice.session_limit, alice.may_reply) == (5, False)


def test_who_saves_hours_over_newer_ones_is_told_and_may_then(client, trio):
    _rights, hours = shown(client, trio[0])
    save_hours(client, trio[0], day_0="9-17", seen=hours)
    answer = save_hours(client, trio[0], day_1="9-17", seen=hours)
    said = answer.context["hours"].non_field_errors()
    assert said == [
        "Somebody has changed these hours meanwhile: Monday 09:00–17:00. Nothing of yours is saved yet."
    ]
    assert trio[0].working_spans.get().weekday == 0
    again = re.findall(r'name="seen" value="([^"]*)"', answer.content.decode())[-1]
    save_hours(client, trio[0], day_1="9-17", seen=html.unescape(again))
    assert trio[0].working_spans.get().weekday == 1


@pytest.mark.parametrize("seen", ["7", '{"day_x": "9"}', '{"day_0": 7}', "{"])
def test_hours_that_were_never_shown_are_refused(client, trio, seen):
    answer = save_hours(client, trio[0], day_1="9-17", seen=seen)
    assert list(answer.context["hours"].errors)[-1] in {"seen", "__all__"}
    assert not trio[0].working_spans.exists()
