"""The last days once more: what came in, who was there, and to whom it would have gone by the rules
as they are and by other ones. Bounded in queries and in rows."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, Q, Subquery

from core import clock, tx
from projects.models import Agent
from routing.models import Pool
from routing.queries import candidates, hours_of, plan_of, stays_since
from routing.rehearsal import Member, Opened, Outcome, Past, Stay, replay
from sessions_app.models import Assignment, ChatSession
from sessions_app.queries.team import team

State = ChatSession.State
Reason = Assignment.Reason

DAYS = 7
SESSIONS = 2000
# Changes of presence that are read, and older sessions that are counted as load.
CHANGES = 20_000
OLDER = 5000
# Sessions that are named.
NAMED = 20
# Who waits no longer is served at once: the time that routing may take.
AT_ONCE = timedelta(seconds=10)


@dataclass(frozen=True)
class Account:
    """Who got the sessions, and when, by the sessions' keys; who is not in it got nobody. `name`:
    "was" in fact, "now" by the rules as they are, "tried" by the changed ones."""

    name: str
    given: Mapping[int, tuple[int, datetime]]

    def agent_of(self, session: ChatSession) -> int | None:
        return self.given[session.pk][0] if session.pk in self.given else None

    def wait_of(self, session: ChatSession) -> timedelta | None:
        """None: nobody ever got it."""
        return self.given[session.pk][1] - session.opened_at if session.pk in self.given else None


@dataclass(frozen=True)
class Figures:
    """How many sessions somebody got at once, after a wait, or nobody; the longest wait that ended."""

    name: str
    at_once: int
    waited: int
    nobody: int
    longest: timedelta


@dataclass(frozen=True)
class Share:
    """How many sessions an agent got, by each account."""

    agent: Agent
    counts: list[int]


@dataclass(frozen=True)
class Day:
    """`late`: how many were not served at once, by each account. `moved`: how many went to somebody
    else by the last account than by the one before."""

    date: date
    sessions: int
    late: list[int]
    moved: int


@dataclass(frozen=True)
class Moved:
    """A session that went to somebody else by the last account than by the one before (None:
    nobody), and who could receive when it opened."""

    session: ChatSession
    able: list[Agent]
    before: Agent | None
    after: Agent | None


@dataclass(frozen=True)
class Review:
    """The last days, from `since` on. `is_cut`: more was recorded than is read, so they begin late.
    `by_hand`: how many sessions people took or gave in fact. `moved`: the newest of `moved_count`."""

    since: datetime
    sessions: int
    is_cut: bool
    by_hand: int
    figures: list[Figures]
    shares: list[Share]
    days: list[Day]
    moved: list[Moved]
    moved_count: int


def review(pool: Pool, changes: Mapping[str, Any]) -> Review:
    """The last days in fact, by the rules as they are, and with `changes` in them if there are any
    (as actions.change_rules takes them)."""
    plans = {"now": plan_of(pool, {})} | ({"tried": plan_of(pool, changes)} if changes else {})
    with tx.snapshot():
        found = _Recorded(pool)
    outcomes = {name: replay(found.past, plan) for name, plan in plans.items()}
    accounts = [found.account(), *(_account(name, outcomes[name]) for name in plans)]
    moved = _moved(found.rows, *accounts[-2:])
    able = outcomes[accounts[-1].name]
    return Review(
        since=found.past.since,
        sessions=len(found.rows),
        is_cut=found.is_cut,
        by_hand=found.by_hand,
        figures=[_figures(found.rows, account) for account in accounts],
        shares=_shares(found.agents, accounts),
        days=_days(found.rows, found.past.zone, accounts, moved),
        moved=[
            Moved(
                row,
                [found.agents[key] for key in able[row.pk].able],
                found.agents.get(accounts[-2].agent_of(row)),
                found.agents.get(accounts[-1].agent_of(row)),
            )
            for row in reversed(moved[-NAMED:])
        ],
        moved_count=len(moved),
    )


# ---------------------------------------------------------------- what is recorded


class _Recorded:
    """The sessions of the last days, `rows`, oldest first; `first`: each one's first assignment;
    `agents`: the team of now in its order, and after them who had sessions and has left."""

    def __init__(self, pool: Pool) -> None:
        until = clock.now()
        self.team = team(pool.project)
        rows = _newest(pool, until - timedelta(days=DAYS))
        wanted = rows[SESSIONS - 1].opened_at if len(rows) > SESSIONS else until - timedelta(DAYS)
        people = [agent.user_id for agent in self.team]
        since, stays = stays_since(people, wanted, at_most=CHANGES)
        self.is_cut = len(rows) > SESSIONS or since > wanted
        kept = [row for row in rows[:SESSIONS] if row.opened_at >= since]
        self.rows = sorted(kept, key=lambda row: (row.opened_at, row.pk))
        self.first = _first_assignments([row.pk for row in self.rows])
        self.agents: dict[int | None, Agent] = {agent.pk: agent for agent in self.team}
        for one in self.first.values():
            self.agents.setdefault(one.agent_id, one.agent)
        self.past = Past(
            since=since,
            until=until,
            zone=ZoneInfo(pool.project.time_zone),
            team=self._members(pool, since, stays),
            sessions=self._sessions(),
        )

    @property
    def by_hand(self) -> int:
        routed = {Reason.ROUTED, Reason.FORMER}
        return sum(one.reason not in routed for one in self.first.values())

    def account(self) -> Account:
        return Account(
            "was", {key: (one.agent_id, one.started_at) for key, one in self.first.items()}
        )

    def _members(
        self, pool: Pool, since: datetime, stays: Mapping[int, list[Stay]]
    ) -> list[Member]:
        keys = [agent.pk for agent in self.team]
        spans, held, served = hours_of(keys), _held(pool, since), _served(keys, since)
        return [
            Member(
                candidate=candidate,
                joined_at=agent.added_at,
                stays=tuple(stays.get(agent.user_id, ())),
                spans=tuple(spans.get(agent.pk, ())),
                held=tuple(held.get(agent.pk, ())),
                served_at=served[agent.pk],
            )
            for agent, candidate in zip(self.team, candidates(pool, {}, self.team), strict=True)
        ]

    def _sessions(self) -> list[Opened]:
        former = _former([row.pk for row in self.rows])
        return [
            Opened(
                key=row.pk,
                at=row.opened_at,
                ended_at=row.completed_at if row.is_completed else None,
                former=former[row.pk],
            )
            for row in self.rows
        ]


def _newest(pool: Pool, since: datetime) -> list[ChatSession]:
    """One more than are replayed, the newest first. By their numbers, which grow as they open: the
    index over these ends the search, however many there ever were."""
    rows = ChatSession.objects.filter(project=pool.project_id).select_related("customer")
    newest = rows.order_by("-number")[: SESSIONS + 1]
    return [row for row in newest if row.opened_at > since]


def _first_assignments(keys: Collection[int]) -> dict[int, Assignment]:
    """By the session's key."""
    rows = Assignment.objects.filter(session__in=keys).select_related("agent__user")
    found: dict[int, Assignment] = {}
    for row in rows.order_by("started_at", "pk"):
        found.setdefault(row.session_id, row)
    return found


def _former(keys: Collection[int]) -> dict[int, int | None]:
    """By the session's key: who had the session that the customer had completed before it."""
    past = ChatSession.objects.filter(
        customer=OuterRef("customer"),
        state=State.COMPLETED,
        completed_at__lte=OuterRef("opened_at"),
    )
    last = past.order_by("-completed_at").values("owner")[:1]
    rows = ChatSession.objects.filter(pk__in=keys).annotate(former=Subquery(last))
    return dict(rows.values_list("pk", "former"))


def _held(pool: Pool, since: datetime) -> dict[int, list[tuple[datetime, datetime | None]]]:
    """By the agent's key: from when to when he had sessions that had opened before."""
    is_open = Q(state=State.ASSIGNED) | Q(state=State.COMPLETED, completed_at__gt=since)
    older = ChatSession.objects.filter(is_open, project=pool.project_id, opened_at__lt=since)
    keys = list(older.order_by("-number").values_list("pk", flat=True)[:OLDER])
    running = Q(ended_at=None) | Q(ended_at__gt=since)
    found: dict[int, list[tuple[datetime, datetime | None]]] = {}
    for row in Assignment.objects.filter(running, session__in=keys):
        found.setdefault(row.agent_id, []).append((row.started_at, row.ended_at))
    return found


def _served(keys: Collection[int], before: datetime) -> dict[int, datetime | None]:
    """By the agent's key: when it was last his turn."""
    turns = Assignment.objects.filter(
        agent=OuterRef("pk"), reason=Reason.ROUTED, started_at__lt=before
    )
    last = Subquery(turns.order_by("-started_at").values("started_at")[:1])
    rows = Agent.objects.filter(pk__in=keys).annotate(served_at=last)
    return dict(rows.values_list("pk", "served_at"))


# ---------------------------------------------------------------- what is told of it


def _account(name: str, outcomes: Mapping[int, Outcome]) -> Account:
    return Account(
        name,
        {
            key: (one.agent, one.at)
            for key, one in outcomes.items()
            if one.agent is not None and one.at is not None
        },
    )


def _figures(rows: Iterable[ChatSession], account: Account) -> Figures:
    waits = [account.wait_of(row) for row in rows]
    ended = [wait for wait in waits if wait is not None]
    at_once = sum(wait <= AT_ONCE for wait in ended)
    return Figures(
        name=account.name,
        at_once=at_once,
        waited=len(ended) - at_once,
        nobody=len(waits) - len(ended),
        longest=max(ended, default=timedelta()),
    )


def _shares(agents: Mapping[int | None, Agent], accounts: Sequence[Account]) -> list[Share]:
    counts = [Counter(agent for agent, _ in account.given.values()) for account in accounts]
    return [Share(agent, [count[agent.pk] for count in counts]) for agent in agents.values()]


def _moved(rows: Iterable[ChatSession], before: Account, after: Account) -> list[ChatSession]:
    return [row for row in rows if before.agent_of(row) != after.agent_of(row)]


def _days(
    rows: Sequence[ChatSession],
    zone: ZoneInfo,
    accounts: Sequence[Account],
    moved: Collection[ChatSession],
) -> list[Day]:
    """Those on which sessions opened, by the wall clock of the zone."""
    of_day: dict[date, list[ChatSession]] = {}
    for row in rows:
        of_day.setdefault(row.opened_at.astimezone(zone).date(), []).append(row)
    others = Counter(row.opened_at.astimezone(zone).date() for row in moved)
    return [
        Day(
            date=day,
            sessions=len(opened),
            late=[len(opened) - _figures(opened, account).at_once for account in accounts],
            moved=others[day],
        )
        for day, opened in of_day.items()
    ]
