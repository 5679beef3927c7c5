"""Lengths of time, moments and reasons in words."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from routing.models import Lease
from sessions_app.console import words
from sessions_app.templatetags.console import initials

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min 0 s"),
        (250, "4 min 10 s"),
        (3600, "1 h 0 min"),
        (3 * 3600 + 5 * 60 + 59, "3 h 5 min"),
        (47 * 3600, "47 h 0 min"),
        (48 * 3600, "2 days"),
        (400 * 86_400, "400 days"),
    ],
)
def test_it_says_how_long(seconds, said):
    assert words.span(seconds) == said


@pytest.mark.parametrize(
    ("back", "said"),
    [
        (timedelta(hours=1), "15:00"),
        (timedelta(hours=15, minutes=30), "00:30"),
        (timedelta(hours=16, minutes=30), "9 Mar, 23:30"),
    ],
)
def test_it_gives_the_date_only_of_other_days_in_the_zone(back, said):
    assert words.clock_time(NOW - back, NOW, BERLIN) == said


def failure(code, **evidence):
    return {"code": code, "evidence": evidence}


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (failure("offline", last_seen_at="2026-03-10T14:30:00.000Z"), "offline since 15:30"),
        (failure("offline", last_seen_at=None), "has never been here"),
        (failure("away", since="2026-03-10T08:05:00.000Z"), "away since 09:05"),
        (failure("away", since=None), "away"),
        (failure("page_hidden", since="2026-03-10T08:05:00.000Z"), "page hidden since 09:05"),
        (failure("at_limit", open=6, limit=6), "at limit 6 / 6"),
        (failure("disabled", **{"in": "account"}), "account disabled"),
        (failure("disabled", **{"in": "company"}), "disabled in the company"),
        (failure("disabled", **{"in": "project"}), "disabled on this team"),
        (
            failure("off_hours", today=[], next="2026-03-10T16:30:00.000Z"),
            "off work until 17:30",
        ),
        (
            failure("off_hours", today=[], next="2026-03-11T08:00:00.000Z"),
            "off work until Wed 09:00",
        ),
        (failure("off_hours", today=[], next=None), "off work"),
        (failure("not_in_scope", list=2), "not in the scope"),
        (failure("a_rule_of_next_year"), "a_rule_of_next_year"),
    ],
)
def test_it_says_why_somebody_cannot_receive(rule, said):
    assert words.reason(rule, NOW, BERLIN) == said


def test_it_names_every_rule_that_is_not_met():
    codes = [failure("no_reply_right"), failure("at_limit", open=2, limit=1)]
    assert words.reasons(codes, NOW, BERLIN) == "may not reply, at limit 2 / 1"


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Lena Fischer", "LF"), ("José María de la Cruz", "JC"), ("lena", "L"), ("", "?")],
)
def test_faces_have_the_letters_of_the_first_and_last_word(name, letters):
    assert initials(name) == letters


def test_a_word_that_stands_twice_gives_its_letter_twice():
    assert initials("Boutros Boutros") == "BB"


def page(**reported):
    return Lease(opened_at=NOW, here_since=NOW, **reported)


@pytest.mark.parametrize(
    ("leases", "said"),
    [
        ([], ""),
        ([page(visible=False, notify="granted")], "1 page open · hidden · notifications allowed"),
        ([page(), page(notify="denied")], "2 pages open · notifications blocked"),
        ([page(visible=True)], "1 page open · notifications not allowed yet"),
    ],
)
def test_pages_that_are_open_and_what_they_may_do(leases, said):
    assert words.pages(leases) == said
