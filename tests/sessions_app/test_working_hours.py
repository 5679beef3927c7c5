"""Own working hours: judged by the project's clock, and applied when time passes."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from accounts.models import AuditEntry
from core import clock
from core.errors import Refusal
from core.ticks import jobs
from projects.actions import change_project, remove_agent
from projects.models import Agent, Project
from routing.actions import set_hours
from routing.hours import Span
from routing.models import ShiftChange
from sessions_app.models import RoutingAttempt
from tests.factories import make_agent, make_lease, make_project, make_session
from tests.support.team import come_online, off_hours, owners, route, told, why

pytestmark = pytest.mark.django_db(transaction=True)

OFFICE = [Span(day, time(9), time(17)) for day in range(5)]


def sweep() -> None:
    jobs["sessions_app.sweep"].function()


@pytest.fixture
def go_to(settings):
    """Set the product's clock to that moment."""

    def go(text: str, zone: str = "Europe/Berlin") -> None:
        moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
        settings.CLOCK_SHIFT += (moment - clock.now()).total_seconds()

    return go


@pytest.fixture
def project() -> Project:
    return make_project(time_zone="Europe/Berlin")


@pytest.fixture
def alice(project, go_to) -> Agent:
    """In the office from nine to five, with her page open whatever the clock says."""
    go_to("2026-03-02T08:57")  # a Monday
    agent = make_agent(project, "Alice")
    make_lease(agent.user, expires_at=clock.now() + timedelta(days=400))
    set_hours(agent=agent, spans=OFFICE, actor=None)
    return agent


def codes(project: Project) -> list[str]:
    """Of the newest presence.changed."""
    return [failure["code"] for failure in told(project, "presence.changed")[-1].payload["codes"]]


# ---------------------------------------------------------------- time passes


def test_what_waits_for_nine_is_assigned_shortly_after_nine(project, alice, shift_clock):
    session = make_session(project)
    sweep()
    assert (owners([session]), why(session)) == ([None], {"Alice": ["off_hours"]})
    assert codes(project) == ["off_hours"]
    shift_clock(181)
    sweep()
    assert owners([session]) == ["Alice"]
    assert codes(project) == []


def test_the_evidence_says_what_today_s_hours_are_and_when_the_next_begin(project, alice):
    session = make_session(project)
    route(project)
    (verdict,) = RoutingAttempt.objects.get(session=session).verdicts
    (failure,) = verdict["codes"]
    assert failure["evidence"] == {"today": ["09:00–17:00"], "next": "2026-03-02T08:00:00.000Z"}


def test_pages_hear_of_it_although_nothing_waits(project, alice, go_to):
    go_to("2026-03-02T09:00:01")
    sweep()
    assert codes(project) == []
    events = len(told(project, "presence.changed"))
    sweep()
    assert len(told(project, "presence.changed")) == events
    go_to("2026-03-02T17:00:01")
    sweep()
    assert codes(project) == ["off_hours"]


def test_it_is_told_late_when_nobody_swept_and_never_forgotten(project, alice, go_to):
    go_to("2026-03-04T12:00")
    sweep()
    assert codes(project) == []
    assert ShiftChange.objects.get().at.isoformat() == "2026-03-04T16:00:00+00:00"


def test_of_another_day_pages_hear_at_midnight(project, alice, go_to):
    go_to("2026-03-06T18:00")  # a Friday
    sweep()
    go_to("2026-03-07T00:00:05")
    sweep()
    (failure,) = told(project, "presence.changed")[-1].payload["codes"]
    assert failure["evidence"] == {"today": [], "next": "2026-03-09T08:00:00.000Z"}


def test_while_nothing_changes_nothing_is_written(project, alice):
    session = make_session(project)
    for _ in range(3):
        sweep()
    assert session.attempts.get().count == 1


def test_what_one_owns_stays_after_work(project, alice, go_to):
    go_to("2026-03-02T16:59")
    session = make_session(project)
    route(project)
    go_to("2026-03-02T17:01")
    sweep()
    assert owners([session]) == ["Alice"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("2026-03-29T00:58", "2026-03-29T01:00:01"),  # 01:58 and 03:00: begins after the jump
        ("2026-10-25T00:28", "2026-10-25T00:30:01"),  # 02:28 and 02:30, both for the first time
    ],
)
def test_nights_on_which_the_clock_jumps(project, alice, go_to, before, after):
    set_hours(agent=alice, spans=[Span(6, time(2, 30), time(10))], actor=None)
    go_to(before, "UTC")
    session = make_session(project)
    sweep()
    assert owners([session]) == [None]
    go_to(after, "UTC")
    sweep()
    assert owners([session]) == ["Alice"]


# ---------------------------------------------------------------- people change them


def test_new_hours_hold_at_once(project, alice):
    session = make_session(project)
    sweep()
    set_hours(agent=alice, spans=[Span(0, time(8), time(17))], actor=None)
    assert codes(project) == []
    sweep()
    assert owners([session]) == ["Alice"]


def test_without_hours_one_may_always_receive(project, alice):
    set_hours(agent=alice, spans=[], actor=None)
    assert codes(project) == []
    assert not ShiftChange.objects.exists()


def test_the_same_hours_again_change_nothing(project, alice):
    events, entries = len(told(project, "presence.changed")), AuditEntry.objects.count()
    set_hours(agent=alice, spans=OFFICE[::-1], actor=None)
    assert len(told(project, "presence.changed")) == events
    assert AuditEntry.objects.count() == entries == 1


def test_hours_that_overlap_are_refused(project, alice):
    with pytest.raises(Refusal) as refusal:
        set_hours(agent=alice, spans=[*OFFICE, Span(0, time(16), time(18))], actor=None)
    assert refusal.value.code == "invalid"
    assert alice.working_spans.count() == 5


def test_another_time_zone_holds_at_once(project, alice):
    session = make_session(project)
    sweep()
    change_project(project=project, actor=None, time_zone="Europe/Helsinki")  # 09:57 there
    assert codes(project) == []
    sweep()
    assert owners([session]) == ["Alice"]
    change_project(project=project, actor=None, time_zone="Europe/London")  # 07:57
    assert codes(project) == ["off_hours"]
    assert ShiftChange.objects.get().at.isoformat() == "2026-03-02T09:00:00+00:00"


def test_who_has_left_is_not_looked_at_any_more(project, alice, go_to):
    remove_agent(agent=alice, actor=None)
    go_to("2026-03-02T09:00:01")
    sweep()
    assert not ShiftChange.objects.exists()


# ---------------------------------------------------------------- two projects, wrong clocks


def test_hours_limit_and_turn_are_each_project_s_own(project, alice):
    other = make_project(project.company, name="Other", time_zone="Asia/Tokyo")
    there = make_agent(other, user=alice.user, session_limit=1)
    here = make_session(project)
    line = [make_session(other) for _ in range(2)]
    for one in (project, other):
        route(one)
    assert owners([here, *line]) == [None, "Alice", None]  # off hours here, at her limit there
    assert why(line[1]) == {"Alice": ["at_limit"]}
    off_hours(there)
    assert codes(other) == ["off_hours", "at_limit"]
    set_hours(agent=alice, spans=[], actor=None)
    sweep()
    assert owners([here, *line]) == ["Alice", "Alice", None]


def test_presence_counts_in_both_of_one_s_projects(project):
    other = make_project(project.company, name="Other")
    bob = make_agent(project, "Bob")
    make_agent(other, user=bob.user)
    lines = [make_session(project), make_session(other)]
    come_online(bob)
    sweep()
    assert owners(lines) == ["Bob", "Bob"]


@pytest.mark.postgres
@pytest.mark.parametrize("hours", [-7, 7])
def test_a_host_whose_clock_is_wrong_by_hours_judges_the_same(project, alice, hours, shift_clock):
    session = make_session(project)
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=hours)):
        sweep()
        assert why(session) == {"Alice": ["off_hours"]}
        shift_clock(181)
        sweep()
        assert owners([session]) == ["Alice"]
