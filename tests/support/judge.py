"""docs/routing.md once more, read from the rows by somebody who does not trust the product.

Only models are used here: no queries and no rules of the product. What it is asked is whether what
routing did and said was right, who could have received a session, and where the circle goes on.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise

from accounts.models import Membership
from core import clock
from projects.models import Agent, Project
from redirects.models import Link
from routing.models import Lease, Pool, Presence, PresenceInterval, WorkingSpan
from sessions_app.models import Assignment, ChatSession, Message, RoutingAttempt
from tests.support.seen import SEEN

NEVER = {"disabled", "not_member", "no_reply_right"}
SCOPE = {"not_in_scope", "not_in_link_list"}
# Which rules refuse whose hand: the table of docs/routing.md.
MANAGER = NEVER
SELF = NEVER | SCOPE | {"offline"}
COLLEAGUE = SELF | {"away", "page_hidden", "at_limit"}
# Of these one alone can keep somebody from a session.
DECIDING = ("disabled", "no_reply_right", *sorted(SCOPE), "away", "offline", "page_hidden")
DECIDING += ("off_hours", "at_limit", "already_had_it")

Place = tuple[int, int]
BEFORE_ALL: Place = (-1, 0)


@dataclass
class Waiting:
    """A session in line, as it was before the routing that is judged."""

    session: ChatSession
    listed: frozenset[int] | None
    had_it: frozenset[int]
    has_waited: bool
    is_too_old: bool
    former: int | None

    @property
    def ear(self) -> tuple[object, ...]:
        """Who has the same hears the same."""
        return self.listed, self.had_it


@dataclass
class Court:
    """One project at one moment. `circle`: the team in its order; `cursor`: after which place the
    circle goes on; `open`: what each owns; `but_for`: a rule that is put away, to see what it does."""

    project: Project
    pool: Pool
    circle: list[Agent]
    facts: dict[int, set[str]]
    scope: set[int] | None
    open: dict[int, int]
    served: dict[int, int]
    cursor: Place
    line: list[Waiting] = field(default_factory=list)
    but_for: str = ""

    @classmethod
    def of(cls, project_id: int) -> "Court":
        pool = Pool.objects.select_related("project", "cursor_agent").get(project=project_id)
        project = pool.project
        team = Agent.objects.filter(project=project, removed_at=None).order_by("position", "pk")
        circle = list(team.select_related("user"))
        owned = ChatSession.objects.filter(project=project, state="assigned")
        facts, owners = Facts(pool), list(owned.values_list("owner", flat=True))
        court = cls(
            project=project,
            pool=pool,
            circle=circle,
            facts={agent.pk: set(facts.codes(agent)) for agent in circle},
            scope=None if pool.scope == Pool.Scope.ALL else _specified(pool),
            open={agent.pk: owners.count(agent.pk) for agent in circle},
            served=dict(pool.turns.values_list("agent_id", "number")),
            cursor=_cursor(pool, circle),
        )
        waiting = ChatSession.objects.filter(project=project, state="unassigned")
        court.line = court.hear(waiting.select_related("link"))
        court.sort()
        return court

    @property
    def routes(self) -> bool:
        return self.project.state == Project.State.ACTIVE and self.project.archived_at is None

    def sort(self) -> None:
        self.line.sort(key=lambda one: (one.session.queued_at, one.session.pk))

    def hear(self, sessions: Iterable[ChatSession], *, are_new: bool = False) -> list[Waiting]:
        """What is known of sessions that wait. `are_new`: their wait began just now."""
        return [self._hear(one, known) for one, known in _known(sessions, are_new=are_new)]

    def hears(self, session: ChatSession) -> Waiting:
        (heard,) = self.hear([session])
        return heard

    def _hear(self, session: ChatSession, known: "Known") -> Waiting:
        last, since = known.last_said, session.waiting_since
        return Waiting(
            session=session,
            listed=_own_list(session),
            had_it=frozenset(_had_it(session, known.assignments)),
            has_waited=bool(last and last.outcome == "waiting" and since and last.at >= since),
            is_too_old=bool(since and since <= clock.now() - timedelta(self.pool.too_old_days)),
            former=known.former,
        )

    # ---------------------------------------------------------------- the rules

    def codes(self, agent: int, waiting: Waiting | None = None) -> set[str]:
        """The rules that this agent of the team does not meet."""
        found = set(self.facts[agent])
        if waiting and waiting.listed is not None:
            if agent not in waiting.listed:
                found.add("not_in_link_list")
        elif self.scope is not None and agent not in self.scope:
            found.add("not_in_scope")
        if waiting and agent in waiting.had_it:
            found.add("already_had_it")
        limit = next(one.session_limit for one in self.circle if one.pk == agent)
        if limit is not None and self.open[agent] >= limit:
            found.add("at_limit")
        return found - {self.but_for}

    def code(self, waiting: Waiting) -> str:
        """Why nobody at all is asked."""
        if not self.routes:
            is_paused = self.project.state == Project.State.PAUSED
            return "project_paused" if is_paused else "bot_invalid"
        if waiting.is_too_old:
            return "too_old"
        if waiting.listed is None and not self.circle:
            return "no_agents"
        is_empty = self.scope is not None and not self.scope & {one.pk for one in self.circle}
        return "scope_empty" if waiting.listed is None and is_empty else ""

    def able(self, waiting: Waiting) -> list[int]:
        """Who could receive it now, in the order of the circle."""
        if not self.routes or waiting.is_too_old:
            return []
        return [one.pk for one in self.circle if not self.codes(one.pk, waiting)]

    def rightful(self, waiting: Waiting) -> set[int]:
        """To whom it may be given now: one, or those between whom a draw decides; none: nobody."""
        able = self.able(waiting)
        if self.pool.returning == Pool.Returning.FORMER and waiting.former in able:
            assert waiting.former is not None
            return {waiting.former}
        if not able:
            return set()
        if self.mode(waiting) == Pool.Mode.ROUND_ROBIN:
            places = {one.pk: (one.position, one.pk) for one in self.circle}
            behind = [agent for agent in able if places[agent] > self.cursor]
            return {(behind or able)[0]}
        fewest = min(self.open[agent] for agent in able)
        tied = [agent for agent in able if self.open[agent] == fewest]
        if self.pool.ties == Pool.Ties.RANDOM:
            return set(tied)
        return {min(tied, key=lambda agent: self.served.get(agent, 0))}

    def mode(self, waiting: Waiting) -> str:
        return Pool.Mode.ROUND_ROBIN if waiting.has_waited else self.pool.mode

    # ---------------------------------------------------------------- judging

    def judge(self, said: Collection[RoutingAttempt], *, is_whole: bool) -> None:
        """`said`: by routing, of each session once. `is_whole`: it had looked at all that waits, so
        nobody is left who could have received, or to whom nothing was said."""
        heard = {row.session_id: row for row in said}
        assert len(heard) == len(said), "tried twice at once"
        # Who waits too long is told when all others have been served.
        for one in sorted(self.line, key=lambda one: one.is_too_old):
            if one.session.pk in heard:
                self._judge_one(one, heard.pop(one.session.pk))
        assert not heard, f"tried although they do not wait: {heard}"
        pool = Pool.objects.select_related("cursor_agent").get(pk=self.pool.pk)
        assert pool.turn == self.pool.turn, "turns are counted"
        assert _cursor(pool, self.circle) == self.cursor, "the circle goes on after the last served"
        if is_whole:
            self._judge_the_rest()

    def _judge_one(self, one: Waiting, row: RoutingAttempt) -> None:
        """Everybody's verdict, and who got it. `count`: how often the same was said."""
        self.assert_told(one, row)
        rightful = self.rightful(one)
        assert row.agent_id in rightful or not rightful and row.agent_id is None, (
            f"{one.session} went to {row.agent_id}, not to {rightful or 'nobody'}"
        )
        SEEN.update(self._happened(one, rightful))
        if row.count == 1:
            scope = self.pool.scope if one.listed is None else "link"
            assert (row.scope, row.turn_before) == (scope, self.pool.turn)
        if row.agent_id:
            assert row.mode == self.mode(one)
            self._give(one, row)
            assert row.turn_after == self.pool.turn

    def assert_told(self, one: Waiting, row: RoutingAttempt) -> None:
        told = {said["agent"]: {code["code"] for code in said["codes"]} for said in row.verdicts}
        true = {str(agent.public_id): self.codes(agent.pk, one) for agent in self.circle}
        assert told == true, f"{one.session} was told {told}, and {true} is true"
        assert row.project_code == self.code(one), str(one.session)

    def _give(self, one: Waiting, row: RoutingAttempt) -> None:
        assert row.agent_id is not None
        for earlier in self.line[: self.line.index(one)]:
            assert not self.able(earlier), f"{one.session} overtook {earlier.session}"
        is_former = self.pool.returning == "former" and one.former == row.agent_id
        assert Assignment.objects.get(attempt=row).reason == ("former" if is_former else "routed")
        self.line.remove(one)
        self.open[row.agent_id] += 1
        if not is_former:
            self.pool.turn += 1
            self.served[row.agent_id] = self.pool.turn
            places = {agent.pk: (agent.position, agent.pk) for agent in self.circle}
            self.cursor = places[row.agent_id]

    def _judge_the_rest(self) -> None:
        left = {str(one.session): self.able(one) for one in self.line if self.able(one)}
        assert not left, f"wait although somebody could receive them: {left}"
        for one, now in zip(self.line, self.hear(row.session for row in self.line), strict=True):
            assert now.has_waited, f"{one.session} waits unexplained"

    def judge_what_is_known(self) -> None:
        """Whoever waits for the same as the head of the line knows what is true now; what waits too
        long is no part of the line any more, and is told so once."""
        young = [one for one in self.line if not one.is_too_old]
        for one, (_, known) in zip(
            self.line, _known(row.session for row in self.line), strict=True
        ):
            last = known.last_said
            assert last, f"{one.session} waits unexplained"
            if one in young and one.ear == young[0].ear:
                self.assert_told(one, last)
                SEEN["knows why it waits"] += 1
            elif one not in young:
                assert last.project_code == self.code(one), str(one.session)
                SEEN["knows that it is too old"] += 1

    # ---------------------------------------------------------------- how much there was to judge

    def _happened(self, one: Waiting, rightful: set[int]) -> Iterator[str]:
        yield "given" if rightful else "told why it waits"
        if len(self.able(one)) > 1:
            yield "given among several"
        if len(rightful) > 1:
            yield "drawn"
        if rightful and self.mode(one) != self.pool.mode:
            yield "given by turn since it has waited"
        if one.listed and self.scope is not None and rightful - self.scope:
            yield "given by the link's list out of scope"
        if one != self.line[0] and rightful:
            yield "given to one behind the head"
        for name, without in self._without(one).items():
            if without != rightful:
                yield f"{name} decided"

    def _without(self, one: Waiting) -> dict[str, set[int]]:
        """Who would get it if one of the rules were not."""
        unserved = dict.fromkeys(self.open, 0)
        return {code: replace(self, but_for=code).rightful(one) for code in DECIDING} | {
            "the cursor": replace(self, cursor=BEFORE_ALL).rightful(one),
            "the least recent turn": replace(self, served={}).rightful(one),
            "the number of open sessions": replace(self, open=unserved).rightful(one),
            "the former agent": self.rightful(replace(one, former=None)),
            "a wait before": self.rightful(replace(one, has_waited=False)),
            "the list of the link": self.rightful(replace(one, listed=None)),
            "its age": self.rightful(replace(one, is_too_old=False)),
        }


@dataclass
class Facts:
    """What is true of people in a project, whatever waits."""

    pool: Pool

    def __post_init__(self) -> None:
        members = Membership.objects.filter(company=self.pool.project.company_id)
        self.members = dict(members.values_list("user", "is_enabled"))
        self.away = set(Presence.objects.filter(status="away").values_list("user", flat=True))
        leases = Lease.objects.filter(expires_at__gt=clock.now())
        pages = list(leases.values_list("user", "visible"))
        self.here = {user for user, _ in pages}
        self.seen = {user for user, is_visible in pages if is_visible}
        # the machine's working hours are never now
        self.off = set(WorkingSpan.objects.values_list("agent", flat=True))

    def codes(self, agent: Agent) -> Iterator[str]:
        user = agent.user_id
        if not agent.user.is_active or not self.members.get(user, True) or not agent.is_enabled:
            yield "disabled"
        if user not in self.members:
            yield "not_member"
        if not agent.may_reply:
            yield "no_reply_right"
        if user in self.away:
            yield "away"
        if user not in self.here:
            yield "offline"
        elif not (user in self.away or user in self.seen or self.pool.hidden_pages_receive):
            yield "page_hidden"
        if agent.pk in self.off:
            yield "off_hours"


def _cursor(pool: Pool, circle: list[Agent]) -> Place:
    """After which place the circle goes on: that of who was served last, or the gap he left."""
    last = pool.cursor_agent
    if last is None:
        return BEFORE_ALL
    if last.removed_at is None:
        return (last.position, last.pk)
    before = [one for one in circle if one.position < last.position]
    return (before[-1].position, before[-1].pk) if before else BEFORE_ALL


def _specified(pool: Pool) -> set[int]:
    return set(pool.specified.values_list("pk", flat=True))


@dataclass
class Known:
    """Of a session, from other rows."""

    last_said: RoutingAttempt | None = None
    assignments: list[Assignment] = field(default_factory=list)
    former: int | None = None


def _known(
    sessions: Iterable[ChatSession], *, are_new: bool = False
) -> list[tuple[ChatSession, Known]]:
    """`are_new`: what was said before is of no account."""
    sessions = list(sessions)
    known = {session.pk: Known() for session in sessions}
    if not sessions:
        return []
    if not are_new:
        for attempt in RoutingAttempt.objects.filter(session__in=known).order_by("pk"):
            known[attempt.session_id].last_said = attempt
    for assignment in Assignment.objects.filter(session__in=known).exclude(ended_at=None):
        known[assignment.session_id].assignments.append(assignment)
    customers = {session.customer_id for session in sessions}
    past = ChatSession.objects.filter(customer__in=customers, state="completed")
    former = dict(past.order_by("completed_at", "-pk").values_list("customer", "owner"))
    for session in sessions:
        known[session.pk].former = former.get(session.customer_id)
    return [(session, known[session.pk]) for session in sessions]


def _own_list(session: ChatSession) -> frozenset[int] | None:
    if session.own_until is None or session.own_until <= clock.now() or session.link is None:
        return None
    rows = Link.agents.through.objects.filter(link=session.link_id, agent__removed_at=None)
    return frozenset(rows.values_list("agent_id", flat=True)) or None


def _had_it(session: ChatSession, ended: Iterable[Assignment]) -> Iterator[int]:
    for row in ended:
        is_of_now = session.waiting_since and row.ended_at and row.ended_at >= session.waiting_since
        if row.ended_because == "owner_silent" or row.ended_because == "put_back" and is_of_now:
            yield row.agent_id


def waits_for_an_answer_since(session: ChatSession) -> datetime | None:
    """The customer's oldest message since an agent wrote last."""
    since = None
    for message in Message.objects.filter(session=session).order_by("number"):
        if message.author_id:
            since = None
        elif message.direction == Message.Direction.IN:
            since = since or message.at
    return since


def assert_sound() -> None:
    """What holds at every moment, in all rows."""
    for session in ChatSession.objects.prefetch_related("assignments"):
        running = [row.agent_id for row in session.assignments.all() if row.ended_at is None]
        owner = [session.owner_id] if session.state == "assigned" else []
        assert running == owner, f"{session}: {running} against {owner}"
        assert (session.waiting_since is None) == (session.state != "unassigned"), str(session)
    people: dict[int, list[PresenceInterval]] = {}
    for interval in PresenceInterval.objects.order_by("started_at", "pk"):
        people.setdefault(interval.user_id, []).append(interval)
    for stays in people.values():
        for one, following in pairwise(stays):
            assert one.ended_at is not None, "in two states at once"
            assert one.ended_at <= following.started_at, "in two states at once"
