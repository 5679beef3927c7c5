"""What became of those who opened redirect links: each visit is followed to its end.

A visit belongs to the day on which the link was opened, by the project's clock. It is counted at every
step that it has reached, and with the one reason for which it went no further: docs/redirects.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from operator import attrgetter
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
COUNTS = attrgetter(*NAMES)


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
    """Column by column: a year of many links has tens of thousands."""
    return Tally(*map(sum, zip(*map(COUNTS, tallies), strict=True)))


def ledger(project: Project, period: Period, link: Link | None = None) -> Ledger:
    """By the link's key and the day; what nobody opened is not in it. Two queries: one counts the
    clicks, one the sessions that they brought."""
    with tx.snapshot():
        clicks = list(_clicks(_visits("", project, period, link), period).order_by())
        sessions = list(_sessions(_visits("click__", project, period, link), period).order_by())
    counted = {_place(row): row for row in clicks}
    for row in sessions:
        counted[_place(row)].update(row)
    return {place: _closed(row) for place, row in counted.items()}


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
        .values(of=F("click__link"), day=TruncDate("click__at", tzinfo=period.zone))
        .annotate(**{name: Count("pk", filter=ways) for name, ways in _ways().items()})
    )


def _ways() -> dict[str, Q]:
    """Which sessions came how far, and no further. As the model notes it: no message is read."""
    over = Q(state__in=ChatSession.ENDED)
    silent, wrote = Q(wrote_at=None), Q(wrote_at__isnull=False)
    alone, assigned = (wrote & Q(first_assigned_at__isnull=one) for one in (True, False))
    unheard, answered = (assigned & Q(answered_at__isnull=one) for one in (True, False))
    return {
        "silent": silent,
        "wrote": wrote,
        "nobody": alone & over,
        "waiting": alone & ~over,
        "assigned": assigned,
        "given_up": unheard & over,
        "unanswered": unheard & ~over,
        "answered": answered,
        "going_on": answered & ~over,
        "completed": answered & over,
    }


def _place(row: dict[str, Any]) -> Place:
    """It is taken out: what is left are counts."""
    return row.pop("of"), row.pop("day")


def _closed(counts: Mapping[str, int]) -> Tally:
    """Whose START has no session, and who never pressed it, is known when the rest is."""
    told = counts["expired"] + counts["disabled"] + counts["bot_dead"]
    opened = counts.get("wrote", 0) + counts.get("silent", 0)
    return Tally(
        **counts,
        no_start=counts["visits"] - counts["starts"] - told,
        no_session=counts["starts"] - opened,
    )
