"""Who would be there at each hour of the week, and when customers came while nobody was.

By what is recorded of the last weeks: in which states people were, and when sessions were opened.
Working hours, scope and rights are those of now, for it is about the weeks to come; who has left or
was disabled is expected no more, and was there all the same. Bounded in queries and in rows.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from zoneinfo import ZoneInfo

from core import clock
from projects.models import Agent, Project
from routing.hours import Span, is_working
from routing.models import Pool, PresenceInterval
from routing.queries import hours_of, stays_since
from routing.rehearsal import Stay
from sessions_app.models import ChatSession
from sessions_app.queries.team import in_scope, pool_of

State = PresenceInterval.State

WEEKS = 4
DAYS, HOURS = 7, 24
# How often it is looked who was there. No zone's clock is off by less than a quarter of an hour.
STEP = timedelta(minutes=15)
# Changes of presence and sessions that are read at most; beyond that the newest.
CHANGES = 20_000
SESSIONS = 20_000

# A weekday (Monday is 0) and an hour on the project's wall clock.
Slot = tuple[int, int]
Period = tuple[datetime, datetime]


@dataclass(frozen=True)
class Hour:
    """An hour of the week.

    `agents`: how many would be there, on the average; None: nothing is known of that hour yet.
    `came`: sessions that were opened in it, in all weeks; `missed`: those of them that came at a
    moment when nobody was there.
    """

    weekday: int
    hour: int
    agents: float | None
    came: int = 0
    missed: int = 0


@dataclass(frozen=True)
class Coverage:
    """From when to when it was looked; `week[weekday][hour]`."""

    since: datetime
    until: datetime
    week: list[list[Hour]]

    @property
    def came(self) -> int:
        return sum(hour.came for day in self.week for hour in day)

    @property
    def missed(self) -> int:
        return sum(hour.missed for day in self.week for hour in day)

    @property
    def gaps(self) -> list[Hour]:
        """The hours in which somebody was missed: the worst first."""
        found = [hour for day in self.week for hour in day if hour.missed]
        return sorted(found, key=lambda one: (-one.missed, one.weekday, one.hour))


@dataclass(frozen=True)
class _Seat:
    """An agent's past. `until`: he has left the team, or None. `periods`: when he was there, in the
    order of time and apart from each other. `is_expected`: in the weeks to come too."""

    joined_at: datetime
    until: datetime | None
    spans: Sequence[Span]
    periods: Sequence[Period]
    is_expected: bool

    def was_there(self, at: datetime, zone: ZoneInfo) -> bool:
        if at < self.joined_at or (self.until and at >= self.until):
            return False
        place = bisect_right(self.periods, at, key=itemgetter(0)) - 1
        is_seen = place >= 0 and at < self.periods[place][1]
        return is_seen and is_working(self.spans, at, zone)


def coverage(project: Project) -> Coverage:
    """Of the last four weeks, or of as many as the project has and as are recorded."""
    now, zone = clock.now(), ZoneInfo(project.time_zone)
    since = max(project.created_at, now - timedelta(weeks=WEEKS))
    since, opened = _opened(project, since)
    since, seats = _seats(project, since, now)
    came: dict[Slot, int] = defaultdict(int)
    missed: dict[Slot, int] = defaultdict(int)
    for at in opened:
        if at >= since:
            came[_slot(at, zone)] += 1
            missed[_slot(at, zone)] += not any(seat.was_there(at, zone) for seat in seats)
    expected = _expected([seat for seat in seats if seat.is_expected], since, now, zone)
    week = [
        [
            Hour(day, hour, expected.get((day, hour)), came[day, hour], missed[day, hour])
            for hour in range(HOURS)
        ]
        for day in range(DAYS)
    ]
    return Coverage(since, now, week)


def _opened(project: Project, since: datetime) -> tuple[datetime, list[datetime]]:
    rows = ChatSession.objects.filter(project=project, opened_at__gte=since)
    found = list(rows.order_by("-opened_at").values_list("opened_at", flat=True)[:SESSIONS])
    return (found[-1] if len(found) == SESSIONS else since), found


def _seats(project: Project, since: datetime, now: datetime) -> tuple[datetime, list[_Seat]]:
    """Those who were on the team at some time since then, and from when on that is known."""
    agents = [
        agent
        for agent in Agent.objects.filter(project=project).select_related("user")
        if agent.removed_at is None or agent.removed_at > since
    ]
    pool = pool_of(project)
    chosen = in_scope(pool, agents)
    since, stays = stays_since([agent.user_id for agent in agents], since, at_most=CHANGES)
    spans = hours_of([agent.pk for agent in agents])
    seats = [
        _Seat(
            joined_at=agent.added_at,
            until=agent.removed_at,
            spans=spans.get(agent.pk, []),
            periods=list(_periods(stays.get(agent.user_id, []), pool, now)),
            is_expected=agent.removed_at is None and agent.is_enabled and agent.user.is_active,
        )
        for agent in agents
        if agent.may_reply and (agent.removed_at is not None or agent.pk in chosen)
    ]
    return since, seats


def _periods(stays: Sequence[Stay], pool: Pool, now: datetime) -> Iterator[Period]:
    """From when to when somebody was where sessions reach him."""
    there = {State.ONLINE, State.HIDDEN} if pool.hidden_pages_receive else {State.ONLINE}
    ends = [stay.at for stay in stays[1:]] + [now]
    for stay, end in zip(stays, ends, strict=True) if stays else ():
        if stay.state in there and end > stay.at:
            yield stay.at, end


def _expected(
    seats: Sequence[_Seat], since: datetime, now: datetime, zone: ZoneInfo
) -> dict[Slot, float]:
    """The mean number of agents there, of the hours in which it was looked."""
    moments = list(_moments(since, now))
    walls = [at.astimezone(zone) for at in moments]
    slots = [(wall.weekday(), wall.hour) for wall in walls]
    sums = dict.fromkeys(slots, 0.0)
    for seat in seats:
        seen: dict[Slot, list[int]] = defaultdict(lambda: [0, 0])
        place = 0
        for at, wall, slot in zip(moments, walls, slots, strict=True):
            if at < seat.joined_at:
                continue
            while place < len(seat.periods) and seat.periods[place][1] <= at:
                place += 1
            is_there = place < len(seat.periods) and seat.periods[place][0] <= at
            works = not seat.spans or any(span.holds(wall) for span in seat.spans)
            seen[slot][0] += works and (is_there or _is_new(seat))
            seen[slot][1] += 1
        for slot, (there, looked) in seen.items():
            sums[slot] += there / looked
    return sums


def _is_new(seat: _Seat) -> bool:
    """Nothing is recorded of him: his own working hours are believed, if he has any."""
    return bool(seat.spans) and not seat.periods


def _moments(since: datetime, now: datetime) -> Iterator[datetime]:
    step = STEP.total_seconds()
    at = datetime.fromtimestamp(-(-since.timestamp() // step) * step, UTC)
    while at < now:
        yield at
        at += STEP


def _slot(at: datetime, zone: ZoneInfo) -> Slot:
    wall = at.astimezone(zone)
    return wall.weekday(), wall.hour
