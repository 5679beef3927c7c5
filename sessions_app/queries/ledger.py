"""What became of those who opened redirect links: each visit is followed to its end.

A visit belongs to the day on which the link was opened, by the project's clock. It is counted at every
step that it has reached, and with the one reason for which it went no further: docs/redirects.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, fields
from datetime import date, datetime, time, timedelta
from operator import add
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, F, OuterRef, Q
from django.db.models.functions import TruncDate

from core import tx
from projects.models import Project
from redirects.models import Click, Link
from sessions_app.models import ChatSession

State = Link.State
DEAD = (State.NO_BOT, State.BOT_INVALID, State.UNREAD)


@dataclass(frozen=True)
class Tally:
    """Visits by how far they came and why no further: visits = completed + everything below it."""

    visits: int = 0
    starts: int = 0
    wrote: int = 0
    assigned: int = 0
    answered: int = 0
    completed: int = 0

    no_start: int = 0
    expired: int = 0
    disabled: int = 0
    bot_dead: int = 0
    silent: int = 0
    no_session: int = 0
    waiting: int = 0
    nobody: int = 0
    unanswered: int = 0
    given_up: int = 0
    going_on: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*map(add, astuple(self), astuple(other)))


# Each step is part of the one before. Behind each: why visits that reached it went no further.
LOSSES: Mapping[str, tuple[str, ...]] = {
    "visits": ("no_start", "expired", "disabled", "bot_dead"),
    "starts": ("silent", "no_session"),
    "wrote": ("waiting", "nobody"),
    "assigned": ("unanswered", "given_up"),
    "answered": ("going_on",),
    "completed": (),
}
NAMES = tuple(field.name for field in fields(Tally))


@dataclass(frozen=True)
class Period:
    """Whole days by a project's clock, the last one too."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def begins(self) -> datetime:
        return datetime.combine(self.first, time.min, self.zone)

    @property
    def ends(self) -> datetime:
        return datetime.combine(self.last + timedelta(days=1), time.min, self.zone)

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]


Place = tuple[int, date]
Ledger = dict[Place, Tally]


def total(tallies: Iterable[Tally]) -> Tally:
    return sum(tallies, Tally())


def ledger(project: Project, period: Period, link: Link | None = None) -> Ledger:
    """By the link's key and the day; what nobody opened is not in it. Two queries: one counts the
    clicks, one the sessions that they brought."""
    with tx.snapshot():
        clicks = list(_clicks(_visits("", project, period, link), period).order_by())
        sessions = list(_sessions(_visits("click__", project, period, link), period).order_by())
    found = {_place(row): _opened(row) for row in clicks}
    for row in sessions:
        found[_place(row)] += _came(row)
    return {place: _closed(tally) for place, tally in found.items()}


def _visits(path: str, project: Project, period: Period, link: Link | None) -> Q:
    """The clicks that count, reached by this path."""
    asked = {
        "link__project": project,
        "kind": Click.Kind.VISIT,
        "at__gte": period.begins,
        "at__lt": period.ends,
    } | ({"link": link} if link else {})
    return Q(**{f"{path}{name}": value for name, value in asked.items()})


def _clicks(which: Q, period: Period) -> Any:
    gone = Q(started_at=None)
    return (
        Click.objects.filter(which)
        .values(of=F("link"), day=TruncDate("at", tzinfo=period.zone))
        .annotate(
            visits=Count("pk"),
            starts=Count("started_at"),
            expired=Count("pk", filter=gone & Q(state=State.EXPIRED)),
            disabled=Count("pk", filter=gone & Q(state=State.DISABLED)),
            bot_dead=Count("pk", filter=gone & Q(state__in=DEAD)),
        )
    )


def _sessions(which: Q, period: Period) -> Any:
    """By how far they came. Of several that one click has brought the first counts."""
    earlier = ChatSession.objects.filter(click=OuterRef("click"), pk__lt=OuterRef("pk"))
    return (
        ChatSession.objects.filter(which, ~Exists(earlier))
        .values(
            of=F("click__link"),
            day=TruncDate("click__at", tzinfo=period.zone),
            is_over=Q(state__in=ChatSession.ENDED),
            has_written=Q(wrote_at__isnull=False),
            had_agent=Q(first_assigned_at__isnull=False),
            has_answer=Q(answered_at__isnull=False),
        )
        .annotate(count=Count("pk"))
    )


def _place(row: Mapping[str, Any]) -> Place:
    return row["of"], row["day"]


def _opened(row: Mapping[str, Any]) -> Tally:
    """Whose START has no session, and who never pressed it, is known when the rest is."""
    return Tally(**{name: row[name] for name in row if name in NAMES})


def _came(row: Mapping[str, Any]) -> Tally:
    """Sessions that came equally far."""
    ways = (row["has_written"], row["had_agent"], row["has_answer"], row["is_over"])
    steps = ("wrote", "assigned", "answered", "completed")
    reached = [step for place, step in enumerate(steps, 1) if all(ways[:place])]
    last = reached[-1] if reached else ""
    end = {
        "": "silent",
        "wrote": "nobody" if row["is_over"] else "waiting",
        "assigned": "given_up" if row["is_over"] else "unanswered",
        "answered": "going_on",
    }.get(last)
    return Tally(**dict.fromkeys([*reached, *([end] if end else [])], row["count"]))


def _closed(tally: Tally) -> Tally:
    told = tally.expired + tally.disabled + tally.bot_dead
    return tally + Tally(
        no_start=tally.visits - tally.starts - told,
        no_session=tally.starts - tally.wrote - tally.silent,
    )
