"""What other rules would mean, at this moment and in the past: by the same choose() that routes.

Plain data in, plain data out. No rows, no clock.
"""

import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from zoneinfo import ZoneInfo

from routing import hours
from routing.choice import BEFORE_ALL, Candidate, Choice, Place, Rules, Table
from routing.hours import Span

# Ties that are drawn come out the same whenever the same past is replayed.
SEED = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """A project's rules, to be tried. `listed`: the agents on the Specified list, None for All
    Agents. What waits for `too_old` is not routed."""

    rules: Rules
    listed: frozenset[int] | None = None
    is_former_first: bool = False
    too_old: timedelta = timedelta(days=7)

    def seat(self, candidates: Iterable[Candidate]) -> list[Candidate]:
        """The candidates with the scope of these rules."""
        return [
            replace(one, in_scope=self.listed is None or one.agent in self.listed)
            for one in candidates
        ]


# ---------------------------------------------------------------- at this moment


def barred(before: Choice, after: Choice) -> frozenset[int]:
    """Those of whom `after` asks a rule that they do not meet, and `before` did not ask it."""
    codes = {verdict.candidate.agent: verdict.codes for verdict in before.verdicts}
    return frozenset(
        verdict.candidate.agent
        for verdict in after.verdicts
        if verdict.codes - codes.get(verdict.candidate.agent, frozenset())
    )


def leaves_nobody(before: Choice, after: Choice) -> bool:
    """Whether the other rules bar somebody and nobody is left who could receive."""
    is_anybody = any(verdict.is_eligible for verdict in after.verdicts)
    return not is_anybody and bool(barred(before, after))


# ---------------------------------------------------------------- the past


@dataclass(frozen=True, slots=True)
class Stay:
    """From this moment on the person was online, hidden, away or offline."""

    at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class Member:
    """An agent of the team, and what is known of his past.

    Of `candidate` all holds that is not told here: place, rights, limit. `stays`: in the order of
    time; before the first he was offline. `held`: from when to when (None: still) he had sessions
    that are not replayed. `served_at`: when it was last his turn before the past begins.
    """

    candidate: Candidate
    joined_at: datetime
    stays: tuple[Stay, ...] = ()
    spans: tuple[Span, ...] = ()
    held: tuple[tuple[datetime, datetime | None], ...] = ()
    served_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A session. `ended_at`: when it was completed, None if it is open. `former`: who had the
    customer's last one."""

    key: int
    at: datetime
    ended_at: datetime | None = None
    former: int | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """A team and what came to it, from `since` to `until`, by the wall clock of `zone`."""

    since: datetime
    until: datetime
    zone: ZoneInfo
    team: Sequence[Member]
    sessions: Sequence[Opened]


@dataclass(frozen=True, slots=True)
class Outcome:
    """`able`: who could receive when the session opened. `agent` got it at `at`; None: nobody did."""

    able: tuple[int, ...] = ()
    agent: int | None = None
    at: datetime | None = None


def replay(past: Past, plan: Plan) -> dict[int, Outcome]:
    """To whom each session would have gone by these rules, by the sessions' keys.

    Each is given once, when it opens or as soon as somebody can receive, oldest first, and stays
    with whom it went to until it ends. What people did by hand is not replayed.
    """
    stage = _Stage(past, plan)
    events = sorted(_events(past, stage), key=lambda event: event[:2])
    for at, together in groupby(events, key=lambda event: event[0]):
        for _, _, happen in together:
            happen()
        stage.drain(at)
    return stage.outcomes


# At one moment: first what changes who can receive, then sessions end, then others open.
_CHANGE, _END, _OPEN = range(3)
_Event = tuple[datetime, int, Callable[[], None]]


def _events(past: Past, stage: "_Stage") -> Iterator[_Event]:
    for member in past.team:
        yield from _of_member(past, stage, member)
    for session in past.sessions:
        yield session.at, _OPEN, partial(stage.open, session)
        if session.ended_at and session.at < session.ended_at <= past.until:
            yield session.ended_at, _END, partial(stage.end, session)


def _of_member(past: Past, stage: "_Stage", member: Member) -> Iterator[_Event]:
    agent = member.candidate.agent
    if member.candidate.is_member and past.since < member.joined_at <= past.until:
        yield member.joined_at, _CHANGE, partial(stage.join, agent)
    for stay in member.stays:
        if past.since < stay.at <= past.until:
            yield stay.at, _CHANGE, partial(stage.stand, agent, stay.state)
    for at in _shifts(member.spans, past):
        is_off = not hours.is_working(member.spans, at, past.zone)
        yield at, _CHANGE, partial(stage.shift, agent, is_off=is_off)
    for begins, ends in member.held:
        if past.since < begins <= past.until:
            yield begins, _CHANGE, partial(stage.load, agent, 1)
        if ends and past.since < ends <= past.until:
            yield ends, _CHANGE, partial(stage.load, agent, -1)


def _shifts(spans: Sequence[Span], past: Past) -> Iterator[datetime]:
    """The moments at which work begins or ends."""
    at = hours.next_change(spans, past.since, past.zone) if spans else None
    while at and at <= past.until:
        yield at
        at = hours.next_change(spans, at, past.zone)


class _Stage:
    """The team as it stood, the line, and to whom the sessions went."""

    def __init__(self, past: Past, plan: Plan) -> None:
        self.plan = plan
        self.rng = random.Random(SEED)
        served = sorted(
            (member for member in past.team if member.served_at),
            key=lambda member: (member.served_at, member.candidate.place),
        )
        turns = {member.candidate.agent: turn for turn, member in enumerate(served, start=1)}
        self.turn = len(served)
        self.cursor: Place = served[-1].candidate.place if served else BEFORE_ALL
        seated = plan.seat(_as_of_then(member, past, turns) for member in past.team)
        self.table = Table(seated, plan.rules)
        self.line: deque[Opened] = deque()
        self.outcomes: dict[int, Outcome] = {}
        self.over: set[int] = set()

    # what happens

    def join(self, agent: int) -> None:
        self.table.put(replace(self._now(agent), is_member=True))

    def stand(self, agent: int, state: str) -> None:
        self.table.put(_standing(self._now(agent), state))

    def shift(self, agent: int, *, is_off: bool) -> None:
        self.table.put(replace(self._now(agent), is_off_hours=is_off))

    def load(self, agent: int, more: int) -> None:
        candidate = self._now(agent)
        self.table.put(replace(candidate, open=candidate.open + more))

    def open(self, session: Opened) -> None:
        self.drain(session.at)
        self.outcomes[session.key] = Outcome(self.table.able)
        self.line.append(session)

    def end(self, session: Opened) -> None:
        self.over.add(session.key)
        agent = self.outcomes[session.key].agent
        if agent is not None:
            self.load(agent, -1)

    # what comes of it

    def drain(self, at: datetime) -> None:
        """Give out what waits, oldest first, as long as somebody can receive."""
        while self.line and self.table.can_serve:
            session = self.line.popleft()
            if session.key not in self.over and at - session.at < self.plan.too_old:
                self._give(session, at)

    def _give(self, session: Opened, at: datetime) -> None:
        choice = self.table.choose(
            cursor=self.cursor,
            former=session.former if self.plan.is_former_first else None,
            has_waited=session.at < at,
            rng=self.rng,
        )
        assert choice.agent is not None  # somebody can receive
        if choice.is_former:
            self.table.serve(choice.agent, None)
        else:
            self.turn += 1
            self.cursor = self.table.serve(choice.agent, self.turn).place
        able = self.outcomes[session.key].able
        self.outcomes[session.key] = Outcome(able, choice.agent, at)

    def _now(self, agent: int) -> Candidate:
        return self.table.verdicts[agent].candidate


def _as_of_then(member: Member, past: Past, turns: dict[int, int]) -> Candidate:
    """The agent when the past begins."""
    since = past.since
    state = next((one.state for one in reversed(member.stays) if one.at <= since), "offline")
    then = replace(
        member.candidate,
        is_member=member.candidate.is_member and member.joined_at <= since,
        is_off_hours=not hours.is_working(member.spans, since, past.zone),
        open=sum(begins <= since and (not ends or ends > since) for begins, ends in member.held),
        last_turn=turns.get(member.candidate.agent, 0),
    )
    return _standing(then, state)


def _standing(candidate: Candidate, state: str) -> Candidate:
    return replace(
        candidate,
        is_away=state == "away",
        is_connected=state != "offline",
        is_hidden=state == "hidden",
    )
