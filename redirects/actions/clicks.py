"""Clicks are stored before the visitor goes on, and joined to the person who presses START."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from core import clock, retention, tx
from projects.models import Project
from redirects import capture, ports
from redirects.capture import Visit
from redirects.models import TICKET, Click, EarlyStart, Link, Origin, new_ticket
from redirects.reading import Reading, read

# After it a ticket still tells the campaign, and no longer whose click it was.
TICKET_DAYS = 30
# So long a START waits for its click.
EARLY_HOURS = 24
AT_ONCE = 1000
VISIT = tuple(field.name for field in fields(Visit))
READ = tuple(field.name for field in fields(Reading))


@dataclass(frozen=True, slots=True)
class Start:
    """Somebody has pressed START. `person`: Telegram's id; `session`: the public id of the session
    in which that stands, or of the customer who has none."""

    ticket: str
    person: int
    session: UUID


def click(*, link: int, at: datetime, visit: Visit, state: str) -> Click:
    """A click on the link with that key. It is not stored yet, and its ticket is known already."""
    said = {name: getattr(visit, name) for name in VISIT}
    return Click(link_id=link, at=at, state=state, ticket=new_ticket(), **said)


def store(clicks: Sequence[Click]) -> None:
    """Commit these clicks; those stored before stay as they are. STARTs that came earlier than
    their clicks are joined to them."""
    with tx.change():
        Click.objects.bulk_create(clicks, ignore_conflicts=True)
        _join_early([click.ticket for click in clicks])


def spooled(click: Click) -> dict[str, Any]:
    """The click as plain data, for the spool."""
    said = {name: getattr(click, name) for name in (*VISIT, "ticket", "link_id", "state")}
    return said | {"at": click.at.isoformat()}


def store_spooled(rows: Sequence[Mapping[str, Any]]) -> None:
    """Those of links that are gone for good are left out."""
    links = {row["link_id"] for row in rows}
    there = set(Link.objects.filter(pk__in=links).values_list("pk", flat=True))
    store(
        [
            Click(**{**row, "at": datetime.fromisoformat(row["at"])})
            for row in rows
            if row["link_id"] in there
        ]
    )


def redeem(*, project: Project, starts: Iterable[Start]) -> dict[Start, Origin]:
    """From where these people came, as far as it is known. Constant in queries.

    The first person who brings a ticket has its click. Anybody can pass a start link on or make one
    up (docs/redirects.md): a second person is told the link alone, an unknown ticket nothing. One
    that is well-formed is remembered, for its click may come later.
    """
    starts = [start for start in starts if TICKET.fullmatch(start.ticket)]
    if not starts:
        return {}
    with tx.change():
        found = _lock_clicks(project, {start.ticket for start in starts})
        origins, early = {}, []
        for start in starts:
            if start.ticket in found:
                origins[start] = _bind(found[start.ticket], start.person)
            else:
                early.append(start)
        _save(found.values())
        _remember(project, early)
    return origins


def _lock_clicks(project: Project, tickets: Iterable[str]) -> dict[str, Click]:
    clicks = Click.objects.select_related("link").filter(
        ticket__in=list(tickets), link__project=project
    )
    return {click.ticket: click for click in tx.lock(clicks)}


def _bind(click: Click, person: int) -> Origin:
    """In memory. A START proves that it was no robot that loaded the page ahead."""
    is_fresh = click.at > clock.now() - timedelta(days=TICKET_DAYS)
    if click.started_at is None and is_fresh:
        click.person, click.started_at, click.kind = person, clock.now(), Click.Kind.VISIT
    return Origin(click.link, click if click.person == person else None)


def _save(clicks: Iterable[Click]) -> None:
    Click.objects.bulk_update(
        [click for click in clicks if click.person], ["person", "started_at", "kind"]
    )


def _remember(project: Project, starts: Sequence[Start]) -> None:
    EarlyStart.objects.bulk_create(
        [
            EarlyStart(
                project=project, ticket=start.ticket, person=start.person, session=start.session
            )
            for start in starts
        ],
        ignore_conflicts=True,
    )


def join_early() -> None:
    """STARTs and clicks that were stored at the same moment have not seen each other."""
    known = Click.objects.filter(ticket=OuterRef("ticket"))
    missed = EarlyStart.objects.filter(Exists(known)).values_list("ticket", flat=True)[:1000]
    if missed:
        with tx.change():
            _join_early(list(missed))


def _join_early(tickets: Sequence[str]) -> None:
    waiting = list(tx.lock(EarlyStart.objects.filter(ticket__in=tickets)))
    if not waiting:
        return
    clicks = Click.objects.select_related("link").filter(ticket__in=tickets)
    found = {click.ticket: click for click in tx.lock(clicks)}
    origins = [
        (early.session, _bind(found[early.ticket], early.person))
        for early in waiting
        if found[early.ticket].link.project_id == early.project_id
    ]
    _save(found.values())
    EarlyStart.objects.filter(pk__in=[early.pk for early in waiting]).delete()
    ports.click_came(origins)


# ---------------------------------------------------------------- what a click says


def read_some(limit: int) -> int:
    """Read browser and country of clicks that nobody has read; of how many."""
    unread = Click.objects.filter(is_read=False).only("user_agent", "ip").order_by("pk")[:limit]
    clicks = list(unread)
    for one in clicks:
        for name, value in asdict(read(one.user_agent, one.ip)).items():
            setattr(one, name, value)
        one.is_read = True
    with tx.change():
        Click.objects.bulk_update(clicks, [*READ, "is_read"])
    return len(clicks)


# ---------------------------------------------------------------- personal data

FORGOTTEN: dict[str, Any] = {
    "person": None,
    "ip": None,
    **dict.fromkeys(("user_agent", "language", "referrer", *READ), ""),
    "params": [],
    "utm": {},
    "is_read": True,  # there is nothing to be read any more
}


def forget_person(*, project: Project, person: int, besides: Collection[int] = ()) -> None:
    """Keep of this person's clicks in the project, and of those with the keys `besides`, that they
    were and that START was pressed; of his STARTs whose clicks are not known nothing."""
    his = Q(person=person, link__project=project) | Q(pk__in=besides)
    with tx.change():
        keys = [click.pk for click in tx.lock(Click.objects.filter(his))]
        Click.objects.filter(pk__in=keys).update(**FORGOTTEN)
        EarlyStart.objects.filter(project=project, person=person).delete()


def shorten_ips(limit: int) -> int:
    """Cut the last part off addresses that are old enough; how many."""
    old = Click.objects.filter(
        ip__isnull=False, is_ip_short=False, at__lt=retention.before(days=settings.CLICK_IP_DAYS)
    )
    with tx.change():
        rows = list(tx.lock(old.only("ip", "is_ip_short"))[:limit])
        for row in rows:
            row.ip, row.is_ip_short = capture.shortened(str(row.ip)), True
        Click.objects.bulk_update(rows, ["ip", "is_ip_short"])
    return len(rows)
