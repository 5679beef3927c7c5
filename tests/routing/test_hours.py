"""routing.hours: spans on the wall, midnight, and days on which the clock jumps."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.hours import Span, first_overlap, is_working, next_change, next_midnight, of_day

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY, SATURDAY, SUNDAY = 0, 5, 6

untimed = settings(deadline=None)  # a busy machine is no fault of the rules


def span(weekday: int, text: str) -> Span:
    begins, ends = text.split("-")
    return Span(weekday, time.fromisoformat(begins), time.fromisoformat(ends))


def at(text: str, zone: ZoneInfo = BERLIN, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


def wall(moment: datetime | None, zone: ZoneInfo = BERLIN) -> str:
    assert moment is not None
    return moment.astimezone(zone).strftime("%a %d %H:%M")


# ---------------------------------------------------------------- an ordinary week


@pytest.mark.parametrize(
    ("moment", "works"),
    [
        ("2026-03-02T08:59:59.999", False),
        ("2026-03-02T09:00", True),
        ("2026-03-02T12:29:59", True),
        ("2026-03-02T12:30", False),
        ("2026-03-02T13:30", True),
        ("2026-03-02T18:00", False),
        ("2026-03-03T09:00", False),
    ],
)
def test_a_span_holds_from_its_beginning_to_before_its_end(moment, works):
    spans = [span(MONDAY, "09:00-12:30"), span(MONDAY, "13:30-18:00")]
    assert is_working(spans, at(moment), BERLIN) is works


def test_without_any_one_always_works():
    assert is_working([], at("2026-03-02T03:00"), BERLIN)
    assert next_change([], at("2026-03-02T03:00"), BERLIN) is None


@pytest.mark.parametrize(
    ("moment", "works"),
    [
        ("2026-03-07T21:59", False),
        ("2026-03-07T22:00", True),
        ("2026-03-08T00:00", True),
        ("2026-03-08T05:59", True),
        ("2026-03-08T06:00", False),
        ("2026-03-07T03:00", False),  # of Friday's night there is none
    ],
)
def test_a_span_past_midnight_goes_on_the_next_day(moment, works):
    assert is_working([span(SATURDAY, "22:00-06:00")], at(moment), BERLIN) is works


def test_sunday_night_goes_on_into_monday():
    assert is_working([span(SUNDAY, "22:00-06:00")], at("2026-03-09T05:00"), BERLIN)


def test_from_midnight_to_midnight_is_the_whole_day():
    spans = [span(MONDAY, "00:00-00:00")]
    assert is_working(spans, at("2026-03-02T00:00"), BERLIN)
    assert is_working(spans, at("2026-03-02T23:59:59"), BERLIN)
    assert not is_working(spans, at("2026-03-03T00:00"), BERLIN)
    assert not is_working(spans, at("2026-03-01T23:59"), BERLIN)


def test_all_days_whole_never_end():
    spans = [span(day, "00:00-00:00") for day in range(7)]
    assert next_change(spans, at("2026-03-02T10:00"), BERLIN) is None


def test_the_next_change_is_the_end_and_then_the_next_beginning():
    spans = [span(MONDAY, "09:00-12:30"), span(MONDAY, "13:30-18:00")]
    moment = at("2026-03-02T10:00")
    found = []
    for _ in range(4):
        moment = next_change(spans, moment, BERLIN)
        found.append(wall(moment))
    assert found == ["Mon 02 12:30", "Mon 02 13:30", "Mon 02 18:00", "Mon 09 09:00"]


def test_spans_that_meet_are_one():
    spans = [span(MONDAY, "09:00-12:00"), span(MONDAY, "12:00-18:00")]
    assert wall(next_change(spans, at("2026-03-02T10:00"), BERLIN)) == "Mon 02 18:00"


def test_it_names_the_spans_that_begin_on_the_day():
    spans = [span(MONDAY, "13:30-18:00"), span(MONDAY, "09:00-12:30"), span(SUNDAY, "22:00-06:00")]
    assert of_day(spans, at("2026-03-02T03:00"), BERLIN) == ["09:00–12:30", "13:30–18:00"]
    assert of_day(spans, at("2026-03-03T03:00"), BERLIN) == []


@pytest.mark.parametrize(
    ("spans", "common"),
    [
        (["0 09:00-12:00", "0 12:00-18:00"], False),
        (["0 09:00-12:01", "0 12:00-18:00"], True),
        (["0 22:00-06:00", "1 06:00-09:00"], False),
        (["0 22:00-06:00", "1 05:59-09:00"], True),
        (["6 22:00-06:00", "0 06:00-09:00"], False),
        (["6 22:00-06:01", "0 06:00-09:00"], True),
        (["0 00:00-00:00", "1 00:00-00:00"], False),
        (["0 09:00-09:00"], False),
    ],
)
def test_spans_with_time_in_common_are_found(spans, common):
    rows = [span(int(text[0]), text[2:]) for text in spans]
    assert (first_overlap(rows) is not None) is common
    assert (first_overlap(rows[::-1]) is not None) is common


# ---------------------------------------------------------------- days on which the clock jumps

# In Berlin: 29 March 2026 has no 02:00 to 03:00, 25 October 2026 has it twice. Both are Sundays.


def test_what_lies_in_the_gap_never_comes_that_day():
    spans = [span(SUNDAY, "02:15-02:45")]
    assert wall(next_change(spans, at("2026-03-28T12:00"), BERLIN)) == "Sun 05 02:15"


def test_a_span_that_begins_in_the_gap_begins_when_the_clock_has_jumped():
    spans = [span(SUNDAY, "02:30-10:00")]
    moment = next_change(spans, at("2026-03-28T12:00"), BERLIN)
    assert (wall(moment), moment) == ("Sun 29 03:00", datetime(2026, 3, 29, 1, tzinfo=UTC))


def test_a_span_that_ends_in_the_gap_ends_when_the_clock_jumps():
    spans = [span(SATURDAY, "22:00-02:30")]
    moment = next_change(spans, at("2026-03-29T01:30"), BERLIN)
    assert moment == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_an_hour_that_comes_twice_counts_twice():
    spans = [span(SUNDAY, "02:15-02:45")]
    moment, found = at("2026-10-24T12:00"), []
    for _ in range(4):
        moment = next_change(spans, moment, BERLIN)
        found.append(moment)
    assert [f"{one:%H:%M}" for one in found] == ["00:15", "00:45", "01:15", "01:45"]  # in UTC


def test_a_night_over_the_doubled_hour_is_an_hour_longer_and_over_the_gap_an_hour_shorter():
    spans = [span(SATURDAY, "22:00-06:00")]
    lengths = []
    for day in ("2026-03-28T12:00", "2026-10-24T12:00", "2026-06-06T12:00"):
        begins = next_change(spans, at(day), BERLIN)
        ends = next_change(spans, begins, BERLIN)
        lengths.append((ends - begins) / timedelta(hours=1))
    assert lengths == [7, 9, 8]


def test_nine_is_nine_before_and_after():
    spans = [span(day, "09:00-17:00") for day in range(7)]
    for day in ("2026-03-28", "2026-03-29", "2026-10-24", "2026-10-25"):
        moment = next_change(spans, at(f"{day}T04:00"), BERLIN)
        assert moment.astimezone(BERLIN).isoformat()[:16] == f"{day}T09:00"


def test_a_day_that_a_place_has_skipped_is_no_working_day():
    apia = ZoneInfo("Pacific/Apia")  # went over the date line: no Friday, 30 December 2011
    spans = [span(4, "09:00-17:00")]
    moment = next_change(spans, at("2011-12-29T12:00", apia), apia)
    assert moment.astimezone(apia).isoformat()[:16] == "2012-01-06T09:00"


def test_midnight_is_the_wall_s():
    assert next_midnight(at("2026-10-24T23:30"), BERLIN) == datetime(2026, 10, 24, 22, tzinfo=UTC)
    havana = ZoneInfo("America/Havana")  # skips the hour after midnight
    jump = next_midnight(at("2026-03-07T12:00", havana), havana)
    assert jump.astimezone(havana).isoformat()[:16] == "2026-03-08T01:00"


# ---------------------------------------------------------------- any hours, anywhere, any day

ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Havana",  # jumps at midnight
    "Australia/Lord_Howe",  # by half an hour
    "Asia/Kathmandu",
    "Pacific/Apia",
]
times = st.times(max_value=time(23, 59)).map(lambda one: one.replace(second=0, microsecond=0))
tables = st.lists(st.builds(Span, st.integers(0, 6), times, times), max_size=5)
zones = st.sampled_from(ZONES).map(ZoneInfo)
# around jumps of several of those zones, and anywhere else
JUMPS = [
    datetime(2026, 3, 29, tzinfo=UTC),
    datetime(2026, 10, 25, tzinfo=UTC),
    datetime(2026, 3, 8, tzinfo=UTC),
    datetime(2026, 11, 1, tzinfo=UTC),
    datetime(2026, 4, 4, tzinfo=UTC),
    datetime(2026, 10, 3, tzinfo=UTC),
    datetime(2011, 12, 30, tzinfo=UTC),
]
moments = st.builds(
    lambda day, minutes: day + timedelta(minutes=minutes),
    st.sampled_from(JUMPS),
    st.integers(-3 * 24 * 60, 3 * 24 * 60),
)


@untimed
@given(tables, moments, zones)
def test_work_is_what_the_clock_on_the_wall_says(spans, moment, zone):
    here = moment.astimezone(zone)
    minute = here.weekday() * 1440 + here.hour * 60 + here.minute
    inside = any(
        first <= one < last
        for first, last in (one.minutes() for one in spans)
        for one in (minute, minute + 7 * 1440)
    )
    assert is_working(spans, moment, zone) == (not spans or inside)


@settings(untimed, max_examples=40)
@given(tables, moments, zones)
def test_nothing_changes_before_the_next_change_and_something_does_then(spans, moment, zone):
    """Minute by minute, over the days on which the clock jumps."""
    now = is_working(spans, moment, zone)
    change = next_change(spans, moment, zone)
    end = moment + timedelta(days=2)
    if change:
        assert change > moment
        assert is_working(spans, change, zone) != now
        assert is_working(spans, change - timedelta(seconds=1), zone) == now
    step = moment
    while step < min(end, change or end):
        assert is_working(spans, step, zone) == now
        step += timedelta(minutes=1)


@untimed
@given(moments, zones)
def test_midnight_is_ahead_and_on_another_day(moment, zone):
    midnight = next_midnight(moment, zone)
    assert moment < midnight <= moment + timedelta(hours=49)
    assert midnight.astimezone(zone).date() > moment.astimezone(zone).date()
