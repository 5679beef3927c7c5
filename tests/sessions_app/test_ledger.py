"""The link ledger: every visit is counted at the steps it reached and lost for one reason."""

from dataclasses import asdict
from datetime import date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest

from redirects.models import Click
from sessions_app.models import Assignment
from sessions_app.queries.ledger import LOSSES, Period, Tally, ledger, total
from tests.factories import (
    make_agent,
    make_bot,
    make_link,
    make_message,
    make_project,
    make_session,
)

pytestmark = pytest.mark.django_db

TOKYO = ZoneInfo("Asia/Tokyo")
DAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12, tzinfo=TOKYO)
people = count(1)


@pytest.fixture
def project():
    project = make_project(time_zone="Asia/Tokyo")
    make_bot(project)
    return project


@pytest.fixture
def agent(project):
    return make_agent(project, "Ann")


@pytest.fixture
def link(project):
    return make_link(project, name="Poster")


def visit(link, at=NOON, **fields):
    return Click.objects.create(link=link, at=at, **fields)


def session(link, owner=None, at=NOON, **fields):
    """Somebody opened the link and pressed START, which opened it."""
    click = visit(link, at, person=next(people), started_at=at)
    found = make_session(link.project, owner=owner, link=link, click=click, **fields)
    make_message(found, "/start " + click.ticket)
    return found


def had(found, agent):
    Assignment.objects.create(session=found, agent=agent, reason="routed", ended_at=NOON)
    found.first_assigned_at = NOON


def day(project, first=DAY, last=DAY):
    return ledger(project, Period(first, last, TOKYO))


def figures(found):
    return {name: value for name, value in asdict(total(found.values())).items() if value}


def test_the_whole_way(project, agent, link):
    found = session(link, owner=agent)
    make_message(found, "Hello")
    make_message(found, "Hi", direction="out", author=agent)
    assert figures(day(project)) == dict.fromkeys(
        ["visits", "starts", "wrote", "assigned", "answered", "going_on"], 1
    )
    found.state = "completed"
    found.save()
    assert figures(day(project)) == dict.fromkeys(
        ["visits", "starts", "wrote", "assigned", "answered", "completed"], 1
    )


@pytest.mark.parametrize(
    ("state", "lost"),
    [
        ("active", "no_start"),
        ("paused", "no_start"),
        ("expired", "expired"),
        ("disabled", "disabled"),
        ("no_bot", "bot_dead"),
        ("bot_invalid", "bot_dead"),
        ("bot_unread", "bot_dead"),
    ],
)
def test_who_never_pressed_start_is_lost_by_what_the_link_was(project, link, state, lost):
    visit(link, state=state)
    assert figures(day(project)) == {"visits": 1, lost: 1}


def test_a_start_heals_whatever_the_link_was(project, link):
    visit(link, state="bot_unread", person=7, started_at=NOON)
    assert figures(day(project)) == {"visits": 1, "starts": 1, "no_session": 1}


def test_robots_and_who_only_looks_are_no_visits(project, link):
    for kind in ("robot", "head", "prefetch"):
        visit(link, kind=kind)
    assert day(project) == {}


def test_where_sessions_are_lost(project, agent, link):
    session(link)  # silent
    make_message(session(link), "Hello")  # waits
    make_message(session(link, state="completed"), "Hello")  # nobody had it
    make_message(session(link, owner=agent), "Hello")  # has no answer yet
    given_up = session(link, state="completed", owner=agent)
    had(given_up, agent)
    make_message(given_up, "Hello")
    assert figures(day(project)) == {
        "visits": 5,
        "starts": 5,
        "silent": 1,
        "wrote": 4,
        "waiting": 1,
        "nobody": 1,
        "assigned": 2,
        "unanswered": 1,
        "given_up": 1,
    }


def test_greetings_and_failed_answers_are_no_answers(project, agent, link):
    found = session(link, owner=agent)
    make_message(found, "Hello")
    make_message(found, "Welcome", direction="out")
    make_message(found, "Hi", direction="out", author=agent, delivery="failed")
    make_message(found, "He is a friend", direction="note", author=agent)
    assert figures(day(project))["unanswered"] == 1
    make_message(found, "Hi", direction="out", author=agent, delivery="uncertain")
    assert figures(day(project))["answered"] == 1


def test_an_answer_before_the_first_word_is_no_step_further(project, agent, link):
    make_message(session(link, owner=agent), "Hi", direction="out", author=agent)
    assert figures(day(project)) == {"visits": 1, "starts": 1, "silent": 1}


def test_of_several_sessions_of_a_visit_the_first_counts(project, agent, link):
    first = session(link, state="completed")
    make_message(first, "Hello")
    again = make_session(project, customer=first.customer, link=link, click=first.click)
    make_message(again, "Hello again")
    assert figures(day(project)) == {"visits": 1, "starts": 1, "wrote": 1, "nobody": 1}


def test_who_came_by_a_start_link_of_somebody_else_opened_nothing(project, link):
    make_message(make_session(project, link=link), "Hello")
    assert day(project) == {}


def test_days_begin_at_the_projects_midnight(project, link):
    begins = datetime(2026, 3, 2, tzinfo=TOKYO)
    moments = [begins - timedelta(seconds=1), begins, begins + timedelta(hours=24, seconds=-1)]
    for moment in [*moments, begins + timedelta(hours=24)]:
        visit(link, moment)
    assert {place: tally.visits for place, tally in day(project).items()} == {(link.pk, DAY): 2}
    both = day(project, DAY, DAY + timedelta(days=1))
    assert {place[1].day: tally.visits for place, tally in both.items()} == {2: 2, 3: 1}


def test_days_of_23_and_25_hours_are_whole_days(link):
    zone = ZoneInfo("Europe/Berlin")
    for day, hours in ((date(2026, 3, 29), 23), (date(2026, 10, 25), 25)):
        period = Period(day, day, zone)
        length = period.ends.timestamp() - period.begins.timestamp()
        assert length == hours * 3600
        Click.objects.all().delete()
        for hour in range(hours):
            visit(link, period.begins.astimezone(ZoneInfo("UTC")) + timedelta(hours=hour))
        assert total(ledger(link.project, period).values()).visits == hours


def test_a_session_belongs_to_the_day_of_its_click(project, link):
    """However late it came: else a day could have more starts than visits."""
    make_message(session(link, at=NOON - timedelta(days=1)), "Hello")
    assert day(project) == {}
    assert figures(day(project, DAY - timedelta(days=1)))["wrote"] == 1


def test_others_links_are_not_counted(project, link):
    other = make_link(make_project(project.company, name="Other"), name="Theirs")
    visit(other)
    second = make_link(project, name="Second")
    visit(link)
    visit(second)
    assert figures(day(project)) == {"visits": 2, "no_start": 2}
    alone = ledger(project, Period(DAY, DAY, TOKYO), second)
    assert {place[0] for place in alone} == {second.pk}


def test_two_queries_whatever_there_is(project, agent, link, django_assert_num_queries):
    for number in range(6):
        far = make_link(project, name=str(number))
        make_message(session(far, owner=agent if number % 2 else None), "Hello")
    with django_assert_num_queries(2):
        found = day(project)
    assert total(found.values()).visits == 6


def test_every_visit_ends_in_one_place():
    """The fields of a tally are the steps and what is lost behind each: nothing is left over."""
    lost = [name for names in LOSSES.values() for name in names]
    assert [*LOSSES, *lost] == list(asdict(Tally()))
