"""Who owns a session. Every writer of a session's owner comes through here.

What an agent must meet is judged under the gate's locks by the same rules as routing's; which of
them bind whose hand is the table in docs/routing.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.models import User
from core import clock, tx
from core.errors import Refusal
from core.prebuilt import Blank, Insert
from core.text import storable
from projects.models import Agent
from projects.queries import agent_of, is_managing
from routing.actions import lock_pool
from routing.choice import NEVER, Failure, judge
from routing.models import Pool
from routing.queries import candidates, project_code, rules_of
from sessions_app import errors, events
from sessions_app.actions import feed, gate, timeline
from sessions_app.actions.gate import Held
from sessions_app.models import Assignment, ChatSession, RoutingAttempt
from sessions_app.queries import line, team

Reason = Assignment.Reason
End = Assignment.End
State = ChatSession.State

# Which failed rules refuse, by hand. The others are allowed and kept as warnings.
BY_MANAGER = NEVER
BY_SELF = NEVER | {"not_in_scope", "not_in_link_list", "offline"}
BY_AGENT = BY_SELF | {"away", "page_hidden", "at_limit"}

_ASSIGNMENTS = Insert(Assignment)

NOTE = 500
LINES = {
    Reason.GIVEN: "assigned",
    Reason.CLAIMED: "claimed",
    Reason.TRANSFERRED: "transferred",
    Reason.REOPENED: "reopened",
}


@dataclass(frozen=True)
class Pick:
    """The router's choice for a session that waits."""

    session: ChatSession
    agent: Agent
    attempt: RoutingAttempt
    is_former: bool

    @property
    def reason(self) -> Reason:
        return Reason.FORMER if self.is_former else Reason.ROUTED


# ---------------------------------------------------------------- by hand


def claim(*, session: ChatSession, actor: User) -> ChatSession:
    """Take an Unassigned session. Whoever has it already keeps it.

    Raises Refusal `not_owner` with the owner if somebody was first, `completed`, `no_reply_right`,
    `target_cannot_receive`, `project_paused`, `bot_invalid`.
    """
    with tx.change():
        held = gate.enter(session)
        mine = _own_agent(held, actor)
        if not held.is_with(mine):
            _refuse_completed(held)
            _refuse_owned(held)
            _give(held, mine, Reason.CLAIMED, must=_must_of(held, actor), by=actor)
        return held.session


def transfer(*, session: ChatSession, actor: User, to: Agent, reason: str = "") -> ChatSession:
    """Give a session to another agent, or take it over (`to` is one's own agent).

    Agents transfer what they own and take over what others own; managers give any session to
    anybody who may reply. Raises Refusal `not_found`, `completed`, `forbidden`, `not_owner`,
    `target_cannot_receive`, `project_paused`, `bot_invalid`.
    """
    with tx.change():
        held = gate.enter(session)
        if to.project_id != held.session.project_id:
            raise errors.not_found()
        if not held.is_with(to):
            _refuse_completed(held)
            must = _must_of_target(held, actor, to)
            why = Reason.TRANSFERRED if held.owner else Reason.GIVEN
            _give(held, to, why, must=must, by=actor, note=reason)
        return held.session


def put_back(*, session: ChatSession, actor: User, reason: str = "") -> ChatSession:
    """Put a session at the end of the waiting line. It will not go back to its owner by itself.

    Raises Refusal `completed`, `forbidden`, `not_owner`.
    """
    with tx.change():
        held = gate.enter(session)
        _refuse_completed(held)
        if held.owner:
            _require_right(held, actor, "may_transfer")
            gate.lock_agents([held.owner])
            now = clock.now()
            gate.end(held, End.PUT_BACK, now)
            gate.wait(held.session, now, queued_at=now)
            gate.store(held, "released", by=actor, reason=End.PUT_BACK, note=_note(reason))
            gate.tell_standing(held.session.project, [held.owner])
            gate.route(held, "put_back")
        return held.session


def complete(*, session: ChatSession, actor: User) -> ChatSession:
    """Close a session. The customer's next message opens a new one.

    Raises Refusal `forbidden`, `not_owner`.
    """
    with tx.change():
        held = gate.enter(session)
        if held.was != State.COMPLETED:
            _require_right(held, actor, "may_complete")
            gate.lock_agents([held.owner] if held.owner else [])
            now = clock.now()
            gate.end(held, End.COMPLETED, now)
            gate.close(held.session, now)
            gate.store(held, "completed", by=actor)
            gate.tell_standing(held.session.project, [held.owner])
            gate.route(held, "freed")
        return held.session


def reopen(*, session: ChatSession, actor: User) -> ChatSession:
    """Open a completed session again; the actor becomes its owner.

    Raises Refusal `open_elsewhere` with the customer's open session, `not_owner`, `not_completed`,
    `no_reply_right`, `target_cannot_receive`, `project_paused`, `bot_invalid`.
    """
    with tx.change():
        held = gate.enter(session, with_customer=True)
        mine = _own_agent(held, actor)
        if not held.is_with(mine):
            _refuse_owned(held)
            if held.was != State.COMPLETED:
                raise errors.not_completed()
            _refuse_open_elsewhere(held)
            _give(held, mine, Reason.REOPENED, must=_must_of(held, actor), by=actor)
        return held.session


# ---------------------------------------------------------------- by itself


def assign(*, pool: Pool, picks: Sequence[Pick]) -> None:
    """Write the router's choices. Pool, sessions and agents are locked, the attempts are stored.

    The caller tells where the agents stand now.
    """
    now = clock.now()
    held = [Held(pool, pick.session) for pick in picks]
    for pick in picks:
        gate.own(pick.session, pick.agent, now)
    running = Blank(Assignment, started_at=now)
    _ASSIGNMENTS.rows(
        [
            running.row(
                session_id=pick.session.pk,
                agent_id=pick.agent.pk,
                reason=pick.reason,
                attempt_id=pick.attempt.pk,
            )
            for pick in picks
        ]
    )
    gate.store_owned([pick.session for pick in picks], now, owing=_owing(pool, picks))
    timeline.add_systems([(pick.session, "assigned", _routed_line(pick)) for pick in picks])
    for one in held:
        feed.session_changed(one.session, was=one.was, before=one.before)


def _owing(pool: Pool, picks: Sequence[Pick]) -> list[int]:
    """The keys of the sessions that have to be answered in time: none a second time."""
    if pool.answer_within_min is None:
        return []
    keys = [pick.session.pk for pick in picks]
    passed_on = Assignment.objects.filter(session__pk__any_of=keys, ended_because=End.OWNER_SILENT)
    return sorted({*keys} - {*passed_on.values_list("session", flat=True)})


def release(*, project_id: int, due: QuerySet[ChatSession], because: End) -> int:
    """Put the project's `due` sessions back at their original places in the line; how many.

    `due` is asked under the pool's lock. The caller routes.
    """
    with tx.change():
        pool = lock_pool(project_id)
        sessions = timeline.locked(due.filter(project=project_id, state=State.ASSIGNED))
        held = [Held(pool, session) for session in sessions]
        gate.lock_agents([one.owner for one in held if one.owner])
        now = clock.now()
        for one in held:
            gate.end(one, because, now)
            gate.wait(one.session, now, queued_at=one.session.queued_at)
            gate.store(one, "released", reason=because, agent=_owner(one))
        gate.tell_standing(pool.project, [one.owner for one in held])
        return len(held)


# ---------------------------------------------------------------- who may


def _own_agent(held: Held, actor: User) -> Agent:
    mine = agent_of(actor, held.session.project)
    if mine is None:
        raise errors.not_on_team()
    return mine


def _must_of(held: Held, actor: User) -> frozenset[str]:
    """The rules that bind the actor himself."""
    return BY_MANAGER if is_managing(actor, held.session.project) else BY_SELF


def _must_of_target(held: Held, actor: User, to: Agent) -> frozenset[str]:
    """The rules that bind the target, if the actor may make this transfer."""
    if is_managing(actor, held.session.project):
        return BY_MANAGER
    mine = agent_of(actor, held.session.project)
    if mine is None or not mine.may_transfer:
        raise errors.forbidden()
    if held.is_with(mine):
        return BY_AGENT
    if mine != to:
        raise errors.not_owner(_owner(held))
    return BY_SELF


def _require_right(held: Held, actor: User, right: str) -> None:
    """A manager, or the owner with this right."""
    if is_managing(actor, held.session.project):
        return
    mine = agent_of(actor, held.session.project)
    if not held.is_with(mine):
        raise errors.not_owner(_owner(held))
    if not getattr(mine, right):
        raise errors.forbidden()


def _refuse_completed(held: Held) -> None:
    if held.was == State.COMPLETED:
        raise errors.completed()


def _refuse_owned(held: Held) -> None:
    if held.owner:
        raise errors.not_owner(_owner(held))


def _refuse_open_elsewhere(held: Held) -> None:
    session = held.session
    others = ChatSession.objects.open().filter(bot=session.bot_id, customer=session.customer_id)
    other = others.exclude(pk=session.pk).first()
    if other:
        raise errors.open_elsewhere(other.public_id)


def _owner(held: Held) -> events.Payload | None:
    return events.person(held.owner) if held.owner else None


# ---------------------------------------------------------------- giving


def _give(
    held: Held, agent: Agent, why: Reason, *, must: frozenset[str], by: User, note: str = ""
) -> None:
    """Make `agent` the owner by hand."""
    gate.lock_agents([agent, held.owner] if held.owner else [agent])
    agent = Agent.objects.with_people().get(pk=agent.pk)
    warnings = _warnings(held, agent, must, by)
    now = clock.now()
    gate.end(held, End.TRANSFERRED, now)
    gate.own(held.session, agent, now)
    Assignment.objects.create(
        session=held.session, agent=agent, reason=why, by=by, note=_note(note), started_at=now
    )
    line = {"agent": events.person(agent), "warnings": warnings, "note": _note(note)}
    gate.store(held, LINES[why], by=by, reason=why, **line)
    gate.tell_standing(held.session.project, [held.owner, agent])
    if held.owner:
        gate.route(held, "freed")


def _warnings(held: Held, agent: Agent, must: frozenset[str], by: User) -> list[str]:
    """Judge the agent; the codes of the rules he does not meet and that do not bind here."""
    code = project_code(held.session.project)
    if code:
        raise errors.not_routing(code)
    counts = team.open_sessions([agent.pk])
    listed = line.own_lists([held.session]).get(held.session.pk)
    candidate = candidates(held.pool, counts, [agent])[0]
    verdict = judge(candidate, rules_of(held.pool), listed=listed)
    failing = [failure for failure in verdict.failures if failure.code in must]
    if failing:
        raise _refusal(agent, failing, by)
    return [failure.code for failure in verdict.failures]


def _refusal(agent: Agent, failing: Sequence[Failure], by: User) -> Refusal:
    if agent.user_id == by.pk and any(failure.code in NEVER for failure in failing):
        return errors.no_reply_right()
    codes = [failure.as_json() for failure in failing]
    return errors.target_cannot_receive(events.person(agent), codes)


def _routed_line(pick: Pick) -> events.Payload:
    return {
        "agent": events.person(pick.agent),
        "by": None,
        "reason": pick.reason,
        "mode": pick.attempt.mode,
        "turn": pick.attempt.turn_after,
    }


def _note(reason: str) -> str:
    return storable(reason.strip())[:NOTE]
