"""An agent's own working hours: a weekly table, judged by the clock on the project's wall.

Where that clock jumps (daylight saving), a time that it skips never comes and a time that it shows
twice counts twice. No rows, no clock: plain data in, plain data out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
WEEK = 7 * 24 * 60
# A span that the clock skips comes a week later; one on a day that was skipped too, two weeks.
HORIZON = 22


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From `begins` to `ends` on each such weekday (Monday is 0). One that does not end after it
    begins ends on the next day; 00:00 to 00:00 is the whole day."""

    weekday: int
    begins: time
    ends: time

    def __str__(self) -> str:
        return f"{self.begins:%H:%M}–{self.ends:%H:%M}"

    def holds(self, wall: datetime) -> bool:
        at, weekday = wall.time(), wall.weekday()
        if self.begins < self.ends:
            return weekday == self.weekday and self.begins <= at < self.ends
        is_first = weekday == self.weekday and at >= self.begins
        return is_first or (weekday == (self.weekday + 1) % 7 and at < self.ends)

    def minutes(self) -> tuple[int, int]:
        """From which to which minute of the week, the second perhaps beyond its end."""
        first = self.weekday * 24 * 60 + self.begins.hour * 60 + self.begins.minute
        last = self.weekday * 24 * 60 + self.ends.hour * 60 + self.ends.minute
        return first, last if self.begins < self.ends else last + 24 * 60


def is_working(spans: Sequence[Span], at: datetime, zone: ZoneInfo) -> bool:
    """Whether the moment is inside one of the spans. Without any it always is."""
    wall = at.astimezone(zone)
    return not spans or any(span.holds(wall) for span in spans)


def of_day(spans: Sequence[Span], at: datetime, zone: ZoneInfo) -> list[str]:
    """The spans that begin on that day, as text."""
    weekday = at.astimezone(zone).weekday()
    return [str(span) for span in sorted(spans) if span.weekday == weekday]


def next_change(spans: Sequence[Span], at: datetime, zone: ZoneInfo) -> datetime | None:
    """The first moment after `at` when work begins, or ends if it goes on; None: not in sight."""
    now = is_working(spans, at, zone)
    for day in range(HORIZON):
        for moment in sorted(_edges(spans, at + day * DAY, zone)):
            if is_working(spans, moment, zone) != now:
                return moment
    return None


def next_midnight(at: datetime, zone: ZoneInfo) -> datetime:
    tomorrow = at.astimezone(zone).date() + DAY
    return datetime.combine(tomorrow, time.min, zone).astimezone(UTC)


def first_overlap(spans: Sequence[Span]) -> tuple[Span, Span] | None:
    """Two spans that have time in common, on the circle of the week."""
    ordered = sorted(spans)
    for earlier, later in zip(ordered, ordered[1:], strict=False):
        if later.minutes()[0] < earlier.minutes()[1]:
            return earlier, later
    if len(ordered) > 1 and ordered[-1].minutes()[1] - WEEK > ordered[0].minutes()[0]:
        return ordered[-1], ordered[0]
    return None


def _edges(spans: Sequence[Span], after: datetime, zone: ZoneInfo) -> set[datetime]:
    """The moments of the day after `after` at which something may begin or end."""
    until = after + DAY
    first = after.astimezone(zone).date() - DAY
    days = [first + number * DAY for number in range(4)]
    edges = {edge for day in days for edge in _of_wall(spans, day, zone) if after < edge <= until}
    if after.astimezone(zone).utcoffset() != until.astimezone(zone).utcoffset():
        edges.add(_jump(after, until, zone))
    return edges


def _of_wall(spans: Sequence[Span], day: date, zone: ZoneInfo) -> Iterator[datetime]:
    """Beginnings and ends on that day's wall clock; twice where the clock shows them twice."""
    for span in spans:
        last = span.weekday if span.begins < span.ends else (span.weekday + 1) % 7
        for weekday, at in ((span.weekday, span.begins), (last, span.ends)):
            if weekday == day.weekday():
                wall = datetime.combine(day, at, zone)
                yield wall.astimezone(UTC)
                yield wall.replace(fold=1).astimezone(UTC)


def _jump(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The moment between these two at which the clock on the wall jumps, to the second."""
    old = before.astimezone(zone).utcoffset()
    low, high = int(before.timestamp()), int(after.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == old:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)
