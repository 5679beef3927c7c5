"""Alarms: what raises one, how long it lasts, and that there is one of each kind at most."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from bots.models import Bot
from core import clock
from insights.actions import alarms
from insights.models import Alarm, AlarmRules
from insights.queries.alarms import open_alarms, past_alarms
from insights.queries.watching import look, watched
from projects.models import Project
from routing.models import Lease, Pool, Presence
from tests.factories import (
    make_agent,
    make_bot,
    make_company,
    make_lease,
    make_project,
    make_session,
)
from tests.insights.looking import ago, checks
from tests.support.team import off_hours
from tests.support.threads import together

pytestmark = pytest.mark.django_db

LOOK = alarms.WATCH_SECONDS


def minutes(project, **thresholds):
    AlarmRules.objects.update_or_create(project=project, defaults=thresholds)


def away(lena):
    Presence.objects.filter(user=lena.user).update(status="away")


def back(lena):
    Presence.objects.filter(user=lena.user).update(status="online")


@pytest.fixture
def pass_time(shift_clock):
    """Time goes by, and somebody looks all the while; pages stay open and the bot is read."""

    def pass_time(seconds):
        for _ in range(0, seconds, LOOK):
            shift_clock(LOOK)
            later = clock.now() + timedelta(hours=1)
            Lease.objects.filter(expires_at__gt=ago(seconds=LOOK)).update(expires_at=later)
            Bot.objects.filter(state="ok").update(last_read_at=clock.now(), lease_expires_at=later)
            alarms.watch()

    return pass_time


def raised(project):
    return {alarm.kind for alarm in open_alarms(project)}


def test_while_all_is_well_nothing_is_written(project, pass_time):
    pass_time(600)
    assert not Alarm.objects.exists()


def test_it_is_raised_when_nobody_can_receive_for_the_time_that_was_set(project, lena, pass_time):
    minutes(project, nobody_min=3)
    away(lena)
    pass_time(160)
    assert raised(project) == set()
    pass_time(60)
    (alarm,) = open_alarms(project)
    assert alarm.kind == "nobody"
    assert alarm.evidence[0].startswith("Lena: away since ")
    assert {"text": "Who is away presses “Go online”.", "link": "/app/"} in alarm.fixes
    assert timedelta(minutes=3) <= alarm.raised_at - alarm.began_at <= timedelta(minutes=4)


def test_it_says_what_the_doctor_says(project, lena, pass_time):
    away(lena)
    make_session(project, waiting_since=ago(minutes=11))
    Bot.objects.update(state="conflict")
    pass_time(600)
    said = {alarm.kind: alarm.evidence for alarm in open_alarms(project)}
    found = checks(project)
    assert said["nobody"] == list(found["next"].evidence)
    assert said["bot"][0] == found["bot"].evidence[0]
    assert said["waiting"][0].startswith("1 session waits, the oldest (#1) for 21 min")


def test_it_ends_with_its_cause_and_can_be_raised_again(project, lena, pass_time):
    minutes(project, nobody_min=1)
    for _ in range(2):
        away(lena)
        pass_time(120)
        assert raised(project) == {"nobody"}
        back(lena)
        pass_time(20)
        assert raised(project) == set()
    first, second = past_alarms(project)
    assert first.began_at > second.ended_at


def test_what_passes_before_its_time_is_forgotten(project, lena, pass_time):
    away(lena)
    pass_time(60)
    assert Alarm.objects.count() == 1
    back(lena)
    pass_time(20)
    assert not Alarm.objects.exists()


def test_a_bot_that_is_not_read_alarms_within_five_minutes(project, shift_clock):
    begun_at = clock.now()
    while "bot" not in raised(project):
        assert clock.now() - begun_at < timedelta(minutes=4)
        shift_clock(LOOK)
        Lease.objects.update(expires_at=clock.now() + timedelta(hours=1))
        alarms.watch()
    (alarm,) = open_alarms(project)
    assert "answers late" in alarm.evidence[0]
    assert alarm.fixes[0]["link"] == f"/console/projects/{project.public_id}/bot/"


@pytest.mark.parametrize("state", ["invalid", "conflict", "elsewhere", "failing", "deaf"])
def test_every_trouble_of_the_bot_that_has_a_name_alarms(project, state, pass_time):
    Bot.objects.update(state=state)
    pass_time(180)
    assert "bot" in raised(project)


def test_a_bot_that_telegram_refuses_is_one_alarm_and_not_two(project, pass_time):
    Bot.objects.update(state="invalid")
    Project.objects.update(state="bot_invalid")
    pass_time(600)
    assert raised(project) == {"bot"}


def test_whoever_waits_longest_counts_from_when_he_began_to(project, pass_time):
    make_session(project, waiting_since=ago(minutes=9, seconds=30))
    pass_time(20)
    assert raised(project) == set()
    pass_time(20)
    (alarm,) = open_alarms(project)
    assert alarm.raised_at - alarm.began_at >= timedelta(minutes=10)


def test_it_ends_when_the_next_in_line_has_not_waited_for_so_long(project, lena, pass_time):
    old = make_session(project, waiting_since=ago(minutes=20))
    make_session(project)
    pass_time(20)
    assert raised(project) == {"waiting"}
    type(old).objects.filter(pk=old.pk).update(state="completed", waiting_since=None)
    pass_time(20)
    assert raised(project) == set()


def test_a_threshold_that_is_empty_raises_nothing(project, lena, pass_time):
    minutes(project, nobody_min=None, bot_min=None, waiting_min=None)
    away(lena)
    Bot.objects.update(state="conflict")
    make_session(project, waiting_since=ago(hours=1))
    pass_time(600)
    assert raised(project) == set()


def test_outside_of_everybodys_working_hours_nobody_is_meant_to_be_there(project, lena, pass_time):
    off_hours(lena)
    pass_time(600)
    assert raised(project) == set()
    make_agent(project, "Tom")  # has no hours, and is not here
    pass_time(400)
    assert raised(project) == {"nobody"}


def test_a_project_that_was_paused_lacks_nobody_but_those_who_wait_count(project, lena, pass_time):
    Project.objects.update(state="paused")
    away(lena)
    make_session(project, waiting_since=ago(minutes=9))
    pass_time(600)
    assert raised(project) == {"waiting"}


@pytest.mark.parametrize("changes", [{"state": "draft"}, {"archived_at": ago}])
def test_what_is_not_in_use_is_not_watched(project, lena, changes, pass_time):
    away(lena)
    pass_time(400)
    assert raised(project) == {"nobody"}
    fresh = {name: value() if callable(value) else value for name, value in changes.items()}
    Project.objects.update(**fresh)
    assert watched() == []
    if "archived_at" in changes:
        pass_time(20)
        assert raised(project) == set()


def test_an_outage_of_ours_proves_nothing_about_the_time_between(
    project, lena, shift_clock, pass_time
):
    away(lena)
    pass_time(60)
    shift_clock(1200)
    make_lease(lena.user)
    pass_time(100)
    assert raised(project) == set()
    pass_time(240)
    assert raised(project) == {"nobody"}


def test_a_late_look_undoes_nothing_that_a_newer_one_has_seen(project, lena, pass_time):
    keys = watched()
    stale = look(keys)  # all is well
    away(lena)
    pass_time(400)
    alarms._settle(keys, stale)
    assert raised(project) == {"nobody"}


def test_the_database_holds_one_of_a_kind(project):
    now = clock.now()
    Alarm.objects.create(project=project, kind="bot", began_at=now, seen_at=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Alarm.objects.create(project=project, kind="bot", began_at=now, seen_at=now)
    Alarm.objects.update(ended_at=now)
    Alarm.objects.create(project=project, kind="bot", began_at=now, seen_at=now)


def test_its_queries_do_not_grow_with_projects_and_people(project, lena):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            look(watched())
        return len(captured)

    Pool.objects.get().specified.add(lena)
    Pool.objects.update(scope="specified")
    make_session(project)
    few = queries()
    for number in range(8):
        other = make_project(project.company, f"Desk {number}")
        make_bot(other)
        agents = [make_agent(other, f"Agent {n}") for n in range(3)]
        Pool.objects.filter(project=other).update(scope="specified")
        other.pool.specified.set(agents[:2])
        make_session(other)
        make_session(other, owner=agents[0])
    assert queries() == few
    assert few < 25


def test_it_sees_each_project_as_its_doctor_does(project, lena):
    """By the same rules, read for many at once."""
    other = make_project(make_company("Other"), "Other", time_zone="America/New_York")
    make_bot(other)
    tom, ivy, max_ = (make_agent(other, name) for name in ("Tom", "Ivy", "Max"))
    make_lease(tom.user), make_lease(ivy.user, visible=False)
    off_hours(ivy)
    other.pool.specified.set([tom, ivy])
    Pool.objects.filter(project=other).update(
        scope="specified", hidden_pages_receive=False, mode="online_first"
    )
    make_session(other, owner=tom)
    tom.session_limit = 1
    tom.save()
    sight = look(watched()).seen[other.pk, "nobody"]
    assert sight.check.evidence == checks(other)["next"].evidence
    assert "Max: not in the scope, has never been here" in sight.check.evidence[0]
    assert (project.pk, "nobody") not in look(watched()).seen


@pytest.mark.django_db(transaction=True)
def test_of_many_who_look_at_once_one_raises_it(project, lena):
    minutes(project, nobody_min=1)
    AlarmRules.objects.update(project=project)
    away(lena)
    alarms.watch()
    Alarm.objects.update(began_at=ago(minutes=2))
    results = together(*[alarms.watch] * 6)
    assert results == [None] * 6
    assert Alarm.objects.filter(raised_at__isnull=False).count() == 1
    back(lena)
    assert together(*[alarms.watch] * 6) == [None] * 6
    assert Alarm.objects.filter(ended_at__isnull=False).count() == 1
