"""Inside the gate: the locks, and how a session is written when its owner changes.

Only ownership.py uses it. Locks, always in this order: the pool's row, the customer's (to reopen),
the session's, the agents' whose open sessions change.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import User
from core import kick, tx
from projects.models import Agent, Project
from routing.actions import lock_pool
from routing.models import Pool
from sessions_app import errors, events
from sessions_app.actions import feed, timeline
from sessions_app.models import Assignment, ChatSession, Customer

State = ChatSession.State

OWNED = (
    "state",
    "owner",
    "queued_at",
    "waiting_since",
    "assigned_at",
    "first_assigned_at",
    "completed_at",
    "answer_since",
    "owner_missing_since",
    "is_flagged",
)


@dataclass
class Held:
    """A session inside the gate, as it was on entering: locked, and its pool too."""

    pool: Pool
    session: ChatSession
    was: str = field(init=False)
    before: list[str] = field(init=False)
    owner: Agent | None = field(init=False)

    def __post_init__(self) -> None:
        self.was = self.session.state
        self.before = events.audience(self.session)
        self.owner = self.session.owner if self.was == State.ASSIGNED else None

    def is_with(self, agent: Agent | None) -> bool:
        return agent is not None and self.owner == agent


def enter(session: ChatSession, *, with_customer: bool = False) -> Held:
    pool = lock_pool(session.project_id)
    if with_customer:  # nobody opens a session for him meanwhile
        tx.lock(Customer.objects.filter(pk=session.customer_id)).get()
    locked = timeline.locked(ChatSession.objects.filter(pk=session.pk))
    if not locked or locked[0].state == State.ERASED:
        raise errors.not_found()
    return Held(pool, locked[0])


def lock_agents(agents: Collection[Agent]) -> None:
    """In one step, in the order of the keys."""
    _lock(Agent.objects.filter(pk__in=[agent.pk for agent in agents]))


def lock_team(project: Project) -> None:
    """All its agents at once."""
    _lock(Agent.objects.filter(project=project).on_team())


def _lock(agents: QuerySet[Agent]) -> None:
    list(tx.lock(agents).values_list("pk"))


# ---------------------------------------------------------------- in memory


def own(session: ChatSession, agent: Agent, now: datetime) -> None:
    session.state = State.ASSIGNED
    session.owner = agent
    session.assigned_at = now
    session.first_assigned_at = session.first_assigned_at or now
    session.waiting_since = session.completed_at = None
    session.answer_since = session.owner_missing_since = None
    session.is_flagged = False


def wait(session: ChatSession, now: datetime, *, queued_at: datetime) -> None:
    session.state = State.UNASSIGNED
    session.queued_at = queued_at
    session.waiting_since = now
    session.owner = session.assigned_at = None
    session.answer_since = session.owner_missing_since = None
    session.is_flagged = False


def close(session: ChatSession, now: datetime) -> None:
    """The owner stays written: it is his completed session."""
    session.state = State.COMPLETED
    session.completed_at = now
    session.waiting_since = None
    session.answer_since = session.owner_missing_since = None
    session.is_flagged = False


# ---------------------------------------------------------------- stored and told


def end(held: Held, because: Assignment.End, now: datetime) -> None:
    """End the running assignment, if there is one."""
    running = Assignment.objects.filter(session=held.session, ended_at=None)
    running.update(ended_at=now, ended_because=because)


def store(held: Held, line: str, *, by: User | None = None, **data: Any) -> None:
    """Write the session as it is in memory, say so in its timeline, and tell pages."""
    held.session.save(update_fields=OWNED)
    timeline.post_system(held.session, line, by={"name": by.name} if by else None, **data)
    feed.session_changed(held.session, was=held.was, before=held.before)


def store_owned(
    sessions: Sequence[ChatSession], now: datetime, *, owing: Collection[int] = ()
) -> None:
    """Write many sessions that got their owners at `now`, each with a line in its timeline; those
    of the keys `owing` have to be answered within the project's time.

    Only the owner differs from row to row, and he stands in the running assignment already: a bulk
    update that names him for each row would cost several times as much.
    """
    running = Assignment.objects.filter(session=OuterRef("pk"), ended_at=None)
    ChatSession.objects.filter(pk__any_of=[session.pk for session in sessions]).update(
        state=State.ASSIGNED,
        assigned_at=now,
        first_assigned_at=Coalesce("first_assigned_at", now),
        waiting_since=None,
        completed_at=None,
        owner_missing_since=None,
        is_flagged=False,
        answer_since=None,
        owner=Subquery(running.values("agent")[:1]),
        message_count=F("message_count") + 1,
    )
    ChatSession.objects.filter(pk__any_of=[*owing]).update(answer_since=now)


def tell_standing(project: Project, agents: Sequence[Agent | None]) -> None:
    """Tell pages where these agents stand now: presence, open sessions, what they do not meet."""
    known = dict.fromkeys(agent for agent in agents if agent and agent.removed_at is None)
    if known:
        feed.presence_changed(project, list(known))


def route(held: Held, trigger: str) -> None:
    """After commit: somebody has room now, or the session waits. The sweep is the net."""
    project_id = held.session.project_id
    kick.task("sessions_app.route_project", project_id=project_id, trigger=trigger)
