"""Clicks are stored before the visitor goes on, and joined to the person who presses START."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
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
READ = tuple(one.name for one in fields(Reading))

# The columns that are known when a click is stored, with their types on PostgreSQL.
COLUMNS = {
    "ticket": "text",
    "link_id": "bigint",
    "at": "timestamptz",
    "state": "text",
    "kind": "text",
    "ip": "inet",
    "user_agent": "text",
    "language": "text",
    "referrer": "text",
    "params": "jsonb",
    "utm": "jsonb",
    "is_cut": "boolean",
}
# What the others hold until something is known.
LATER = {
    "is_ip_short": "false",
    **dict.fromkeys(("browser", "system", "device", "country"), "''"),
    "is_read": "false",
}


@dataclass(frozen=True, slots=True)
class Start:
    """Somebody has pressed START. `person`: Telegram's id; `session`: the public id of the session
    in which that stands, or of the customer who has none."""

    ticket: str
    person: int
    session: UUID


@dataclass(slots=True)
class NewClick:
    """A click on the link with that key. It is not stored yet, and its ticket is known already."""

    link_id: int
    at: datetime
    visit: Visit
    state: str
    ticket: str = field(default_factory=new_ticket)

    def plain(self) -> dict[str, Any]:
        """As JSON takes it: for the spool, and for the database."""
        visit = self.visit
        return {
            "ticket": self.ticket,
            "link_id": self.link_id,
            "at": self.at.isoformat(),
            "state": self.state,
            "kind": visit.kind,
            "ip": visit.ip,
            "user_agent": visit.user_agent,
            "language": visit.language,
            "referrer": visit.referrer,
            "params": visit.params,
            "utm": visit.utm,
            "is_cut": visit.is_cut,
        }


def store(clicks: Iterable[NewClick]) -> None:
    """Commit these clicks; those stored before stay as they are. STARTs that came earlier than
    their clicks are joined to them."""
    _store([click.plain() for click in clicks])


def store_spooled(rows: Sequence[Mapping[str, Any]]) -> None:
    """The same for clicks that were made plain. Those of links that are gone for good are left out."""
    links = {row["link_id"] for row in rows}
    there = set(Link.objects.filter(pk__in=links).values_list("pk", flat=True))
    _store([row for row in rows if row["link_id"] in there])


def _store(rows: Sequence[Mapping[str, Any]]) -> None:
    said = json.dumps(rows)
    with connection.cursor() as cursor:
        for statement in _statements(connection.vendor):
            cursor.execute(statement, [said])
        (has_early,) = cursor.fetchone()
    if has_early:
        join([row["ticket"] for row in rows])


def as_statement(clicks: Iterable[NewClick]) -> tuple[str, list[str]]:
    """`store` as one statement of PostgreSQL's, and its values. It answers whether a START came
    earlier than one of them: then they are to be `join`ed."""
    (statement,) = _statements("postgresql")
    return statement, [json.dumps([click.plain() for click in clicks])]


@cache
def _statements(vendor: str) -> list[str]:
    """Insert clicks, and ask whether a START came earlier than one of them. However many there are,
    they are one value, a list of objects: preparing the fields of Django's rows one by one costs as
    much as all the rest of a visit.

    On PostgreSQL it is one statement and so a transaction by itself.
    """
    table, early = Click._meta.db_table, EarlyStart._meta.db_table
    into = f"INSERT INTO {table} ({', '.join([*COLUMNS, *LATER])})"
    if vendor == "postgresql":
        values = ", ".join([*COLUMNS, *LATER.values()])
        typed = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        return [
            f"WITH came AS MATERIALIZED (SELECT * FROM jsonb_to_recordset(%s::jsonb) AS new ({typed})),"  # noqa: S608  # constants of our own
            f" stored AS ({into} SELECT {values} FROM came ON CONFLICT DO NOTHING)"
            f" SELECT EXISTS (SELECT FROM {early} WHERE ticket IN (SELECT ticket FROM came))"
        ]
    drawn = {name: f"json_extract(value, '$.{name}')" for name in COLUMNS}
    ticket = drawn["ticket"]
    drawn["at"] = f"replace(replace({drawn['at']}, 'T', ' '), '+00:00', '')"  # as Django writes it
    values = ", ".join([*drawn.values(), *LATER.values()])
    return [
        f"{into} SELECT {values} FROM json_each(%s) WHERE true ON CONFLICT DO NOTHING",  # noqa: S608  # as above
        f"SELECT EXISTS (SELECT 1 FROM {early} WHERE ticket IN (SELECT {ticket} FROM json_each(%s)))",  # noqa: S608  # as above
    ]


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
        join(list(missed))


def join(tickets: Collection[str]) -> None:
    """The clicks with these tickets, which are stored, to the STARTs that came earlier."""
    with tx.change():
        waiting = list(tx.lock(EarlyStart.objects.filter(ticket__in=tickets)))
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
