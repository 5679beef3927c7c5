"""docs/routing.md once more, read from the rows by somebody who does not trust the product.

Only models are used here: no queries and no rules of the product. What it is asked is whether an
assignment was right, who could have received a session, and where the circle goes on.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

from accounts.models import Membership
from core import clock
from projects.models import Agent, Project
from redirects.models import Link
from routing.models import Lease, Pool, Presence, PresenceInterval, WorkingSpan
from sessions_app.models import Assignment, ChatSession, RoutingAttempt

NEVER = {"disabled", "not_member", "no_reply_right"}
SCOPE = {"not_in_scope", "not_in_link_list"}
# Which rules refuse whose hand: the table of docs/routing.md.
MANAGER = NEVER
SELF = NEVER | SCOPE | {"offline"}
COLLEAGUE = SELF | {"away", "page_hidden", "at_limit"}

Place = tuple[int, int]


@dataclass
class Waiting:
    """A session in line, as it was before the routing that is judged."""

    session: ChatSession
    listed: frozenset[int] | None
    had_it: frozenset[int]
    has_waited: bool
    is_too_old: bool
    former: int | None


@dataclass
class Court:
    """One project at one moment. `circle`: the team in its order; `cursor`: after which place the
    circle goes on; `open`: what each owns."""

    project: Project
    pool: Pool
    circle: list[Agent]
    facts: dict[int, set[str]]
    scope: set[int] | None
    open: dict[int, int]
    served: dict[int, int]
    cursor: Place
    line: list[Waiting] = field(default_factory=list)

    @classmethod
    def of(cls, project_id: int) -> "Court":
        project = Project.objects.get(pk=project_id)
        pool = Pool.objects.get(project=project)
        team = Agent.objects.filter(project=project, removed_at=None).order_by("position", "pk")
        circle = list(team.select_related("user"))
        specified = set(pool.specified.values_list("pk", flat=True))
        owned = ChatSession.objects.filter(project=project, state="assigned")
        court = cls(
            project=project,
            pool=pool,
            circle=circle,
            facts={agent.pk: set(_facts(agent, pool)) for agent in circle},
            scope=None if pool.scope == Pool.Scope.ALL else specified,
            open={
                agent.pk: sum(one.owner_id == agent.pk for one in owned.only("owner_id"))
                for agent in circle
            },
            served=dict(pool.turns.values_list("agent_id", "number")),
            cursor=_cursor(pool, circle),
        )
        waiting = ChatSession.objects.filter(project=project, state="unassigned")
        court.line = [court.hears(session) for session in waiting.select_related("link")]
        court.sort()
        return court

    @property
    def routes(self) -> bool:
        return self.project.state == Project.State.ACTIVE and self.project.archived_at is None

    def sort(self) -> None:
        self.line.sort(key=lambda one: (one.session.queued_at, one.session.pk))

    def hears(self, session: ChatSession, *, is_new: bool = False) -> Waiting:
        """What is known of a session that waits. `is_new`: its wait began just now."""
        tries = RoutingAttempt.objects.filter(session=session).order_by("pk")
        last = None if is_new else tries.last()
        since = session.waiting_since
        return Waiting(
            session=session,
            listed=_own_list(session),
            had_it=frozenset(_had_it(session)),
            has_waited=bool(last and last.outcome == "waiting" and since and last.at >= since),
            is_too_old=bool(since and since <= clock.now() - timedelta(self.pool.too_old_days)),
            former=_former(session),
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
        return found

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
        if self.pool.mode == Pool.Mode.ROUND_ROBIN or waiting.has_waited:
            places = {one.pk: (one.position, one.pk) for one in self.circle}
            behind = [agent for agent in able if places[agent] > self.cursor]
            return {(behind or able)[0]}
        fewest = min(self.open[agent] for agent in able)
        tied = [agent for agent in able if self.open[agent] == fewest]
        if self.pool.ties == Pool.Ties.RANDOM:
            return set(tied)
        return {min(tied, key=lambda agent: self.served.get(agent, 0))}

    # ---------------------------------------------------------------- judging

    def judge(self, given: Collection[Assignment], *, is_whole: bool) -> None:
        """These are what routing has given out since, in their order. `is_whole`: it had looked at
        all that waits, so nobody who could have received is left."""
        for assignment in given:
            one = next(row for row in self.line if row.session.pk == assignment.session_id)
            for earlier in self.line[: self.line.index(one)]:
                assert not self.able(earlier), f"{one.session} overtook {earlier.session}"
            rightful = self.rightful(one)
            assert assignment.agent_id in rightful, (
                f"{one.session} went to {assignment.agent_id}, not to {rightful}: "
                f"{self.codes(assignment.agent_id, one)}"
            )
            is_former = one.former == assignment.agent_id and self.pool.returning == "former"
            assert (assignment.reason == "former") == is_former
            self._give(one, assignment.agent_id, is_turn=not is_former)
        pool = Pool.objects.select_related("cursor_agent").get(pk=self.pool.pk)
        assert pool.turn == self.pool.turn, "turns are counted"
        assert _cursor(pool, self.circle) == self.cursor, "the circle goes on after the last served"
        if is_whole:
            left = {str(one.session): self.able(one) for one in self.line if self.able(one)}
            assert not left, f"wait although somebody could receive them: {left}"

    def _give(self, one: Waiting, agent: int, *, is_turn: bool) -> None:
        self.line.remove(one)
        self.open[agent] += 1
        if is_turn:
            self.pool.turn += 1
            self.served[agent] = self.pool.turn
            self.cursor = next((row.position, agent) for row in self.circle if row.pk == agent)


def _facts(agent: Agent, pool: Pool) -> Iterator[str]:
    membership = Membership.objects.filter(company=pool.project.company_id, user=agent.user).first()
    is_kept_out = membership is not None and not membership.is_enabled
    if not agent.user.is_active or is_kept_out or not agent.is_enabled:
        yield "disabled"
    if membership is None:
        yield "not_member"
    if not agent.may_reply:
        yield "no_reply_right"
    is_away = Presence.objects.filter(user=agent.user, status="away").exists()
    if is_away:
        yield "away"
    pages = Lease.objects.filter(user=agent.user, expires_at__gt=clock.now())
    if not pages.exists():
        yield "offline"
    elif not is_away and not pool.hidden_pages_receive and not pages.filter(visible=True).exists():
        yield "page_hidden"
    if WorkingSpan.objects.filter(agent=agent).exists():  # the machine's are never now
        yield "off_hours"


def _cursor(pool: Pool, circle: list[Agent]) -> Place:
    """After which place the circle goes on: that of who was served last, or the gap he left."""
    last = pool.cursor_agent
    if last is None:
        return (-1, 0)
    if last.removed_at is None:
        return (last.position, last.pk)
    before = [one for one in circle if one.position < last.position]
    return (before[-1].position, before[-1].pk) if before else (-1, 0)


def _own_list(session: ChatSession) -> frozenset[int] | None:
    if session.own_until is None or session.own_until <= clock.now() or session.link is None:
        return None
    rows = Link.agents.through.objects.filter(link=session.link_id, agent__removed_at=None)
    return frozenset(rows.values_list("agent_id", flat=True)) or None


def _had_it(session: ChatSession) -> Iterator[int]:
    for row in session.assignments.exclude(ended_at=None):
        is_of_now = session.waiting_since and row.ended_at and row.ended_at >= session.waiting_since
        if row.ended_because == "owner_silent" or row.ended_because == "put_back" and is_of_now:
            yield row.agent_id


def _former(session: ChatSession) -> int | None:
    past = ChatSession.objects.filter(customer=session.customer_id, state="completed")
    last = past.order_by("-completed_at").first()
    return last.owner_id if last else None


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
