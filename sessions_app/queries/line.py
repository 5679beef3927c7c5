"""The waiting line, and owners who are not there or may not answer any more."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from accounts.models import Membership
from core import clock
from projects.models import Agent, Project
from redirects.models import Link
from routing.models import Lease, Pool, PresenceInterval
from routing.queries import project_code
from sessions_app.models import Assignment, ChatSession, RoutingAttempt
from sessions_app.models.sessions import ChatSessionQuerySet

State = ChatSession.State
End = Assignment.End
TOO_OLD = "too_old"
NOTHING = "nothing"  # was said, in the place of a project's code


def waiting_line(pool: Pool) -> ChatSessionQuerySet:
    """What may be routed, oldest first: not what waits longer than the project's age limit."""
    waiting = ChatSession.objects.filter(project=pool.project_id).waiting()
    return waiting.filter(waiting_since__gt=too_old_before(pool))


def for_own_agents(pool: Pool) -> ChatSessionQuerySet:
    """Those that wait for the agents of the link by which they came."""
    return waiting_line(pool).filter(own_until__isnull=False)


def own_lists(sessions: Collection[ChatSession]) -> dict[int, frozenset[int]]:
    """By the session's key: to whom alone it may be given now. A link whose agents have all left
    has none any more."""
    now = clock.now()
    own = [one for one in sessions if one.own_until and one.own_until > now]
    if not own:
        return {}
    rows = Link.agents.through.objects.filter(
        link__in={one.link_id for one in own}, agent__removed_at=None
    )
    agents: dict[int, set[int]] = {}
    for link, agent in rows.values_list("link_id", "agent_id"):
        agents.setdefault(link, set()).add(agent)
    return {one.pk: frozenset(agents[one.link_id]) for one in own if one.link_id in agents}


def unexplained(pool: Pool) -> ChatSessionQuerySet:
    """Waiting sessions of which nobody has said yet why they wait; and those that have become too
    old since, or are not any more by another age limit. In a project that does not route this is
    said of the old as well."""
    tries = RoutingAttempt.objects.filter(session=OuterRef("pk"), at__gte=OuterRef("waiting_since"))
    last = Subquery(tries.order_by("-pk").values("project_code")[:1])
    told = Coalesce(last, Value(NOTHING))
    is_old = Q(waiting_since__lte=too_old_before(pool))
    true_of_old = project_code(pool.project) or TOO_OLD
    waiting = ChatSession.objects.filter(project=pool.project_id).waiting().annotate(told=told)
    return waiting.filter(~is_old & Q(told__in=[NOTHING, TOO_OLD]) | is_old & ~Q(told=true_of_old))


def too_old_before(pool: Pool) -> datetime:
    return clock.now() - timedelta(days=pool.too_old_days)


def waits() -> tuple[int, datetime | None, datetime | None]:
    """In all lines: how many wait, since when the first, and the first at which nobody has looked.

    Only projects that route are looked at.
    """
    waiting = ChatSession.objects.filter(state=State.UNASSIGNED)
    tries = RoutingAttempt.objects.filter(session=OuterRef("pk"), at__gte=OuterRef("waiting_since"))
    unlooked = waiting.filter(~Exists(tries), project__state=Project.State.ACTIVE)
    counted = waiting.aggregate(waiting=Count("pk"), oldest_at=Min("queued_at"))
    unlooked_at = unlooked.aggregate(at=Min("waiting_since"))["at"]
    return counted["waiting"], counted["oldest_at"], unlooked_at


def projects_to_settle() -> set[int]:
    """Projects in which sessions wait or must leave their owners."""
    waiting = ChatSession.objects.filter(state=State.UNASSIGNED)
    return {
        *waiting.values_list("project", flat=True).distinct(),
        *owned_by_unfit().values_list("project", flat=True).distinct(),
    }


def latest_attempts(session_ids: Collection[int]) -> dict[int, RoutingAttempt]:
    """The newest attempt of each session, by the session's key. Each judgement is read once."""
    newest = RoutingAttempt.objects.filter(session=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    sessions = ChatSession.objects.filter(pk__any_of=[*session_ids]).values(newest=Subquery(newest))
    attempts = RoutingAttempt.objects.filter(pk__in=sessions).prefetch_related("judgement")
    return {attempt.session_id: attempt for attempt in attempts}


def former_agents(sessions: Collection[ChatSession]) -> dict[int, int | None]:
    """By the session's key: who had the customer's last completed session."""
    past = ChatSession.objects.filter(customer=OuterRef("customer"), state=State.COMPLETED)
    last = past.order_by("-completed_at").values("owner")[:1]
    rows = ChatSession.objects.filter(pk__any_of=[session.pk for session in sessions])
    return dict(rows.annotate(former=Subquery(last)).values_list("pk", "former"))


def had_it(session_ids: Collection[int]) -> dict[int, set[int]]:
    """By the session's key: who does not get it again by routing. From whom it was put back in line
    by hand, for its present wait; who has not answered in time, for good."""
    found: dict[int, set[int]] = {}
    ended = Assignment.objects.filter(
        session__pk__any_of=[*session_ids], ended_because__in=[End.PUT_BACK, End.OWNER_SILENT]
    )
    for row in ended.select_related("session"):
        since = row.session.waiting_since
        is_of_this_wait = row.ended_at and since and row.ended_at >= since
        if is_of_this_wait or row.ended_because == End.OWNER_SILENT:
            found.setdefault(row.session_id, set()).add(row.agent_id)
    return found


# ---------------------------------------------------------------- owners


def owned_by_unfit() -> ChatSessionQuerySet:
    """Assigned to someone who was removed, disabled, or may not reply any more."""
    membership = Membership.objects.filter(
        company=OuterRef("project__company"), user=OuterRef("user"), is_enabled=True
    )
    unfit = Agent.objects.filter(
        Q(removed_at__isnull=False)
        | Q(is_enabled=False)
        | Q(may_reply=False)
        | Q(user__is_active=False)
        | ~Exists(membership)
    )
    return ChatSession.objects.filter(state=State.ASSIGNED, owner__in=unfit)


def owned_by_absent() -> ChatSessionQuerySet:
    """Assigned to someone who has no session page open now."""
    return ChatSession.objects.filter(~Exists(_owners_leases()), state=State.ASSIGNED)


def owned_by_present() -> ChatSessionQuerySet:
    return ChatSession.objects.filter(Exists(_owners_leases()), state=State.ASSIGNED)


def unanswered(project_id: int, within: timedelta) -> ChatSessionQuerySet:
    """Whose owner by routing has had the time to answer a customer who waits, and has not: his page
    was open all the while, without a break."""
    before = clock.now() - within
    return ChatSession.objects.filter(
        Exists(_owners_leases().filter(here_since__lte=before)),
        project=project_id,
        state=State.ASSIGNED,
        answer_since__lte=before,
        unanswered_since__lte=before,
    )


def was_here() -> Exists:
    """Of an assigned session: whether its owner had a page open at some time since he has it."""
    here = PresenceInterval.objects.filter(user=OuterRef("owner__user")).exclude(
        state=PresenceInterval.State.OFFLINE
    )
    return Exists(here.filter(Q(ended_at=None) | Q(ended_at__gt=OuterRef("assigned_at"))))


def _owners_leases() -> QuerySet[Lease]:
    return Lease.objects.filter(user=OuterRef("owner__user"), expires_at__gt=clock.now())
