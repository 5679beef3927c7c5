"""Presence by leases and hand-set status; working hours; the rules of a pool and the turn of its
circle.

Whoever changes one person's presence locks that person's Presence row first, before anything else.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Min
from django.utils.translation import gettext_lazy as _

from accounts.actions import record_audit
from accounts.models import AuditEntry, User
from core import clock, tx
from core.errors import Refusal
from projects.models import Agent, Project
from routing import errors, ports, queries
from routing.hours import Span, first_overlap, next_change, next_midnight
from routing.models import (
    Lease,
    Pool,
    Presence,
    PresenceInterval,
    ShiftChange,
    Turn,
    WorkingSpan,
)

# What is taken for true of a page that has not reported yet.
FLAGS = {"visible": True, "focused": True, "sound": False, "push": False}
PERMISSIONS = {"granted", "denied", "default"}
RULES = frozenset(
    {
        "mode",
        "scope",
        "ties",
        "returning",
        "vanished",
        "hidden_pages_receive",
        "too_old_days",
        "answer_within_min",
    }
)

SHOWN = RULES | {"specified"}

# ---------------------------------------------------------------- presence


def open_lease(*, user_id: int, connection_id: UUID, state: dict[str, Any]) -> None:
    """A session page's socket was accepted: its user is there for LEASE_SECONDS from now.

    `state` is what the page reports of itself: {visible, focused, notify, sound, push}.
    """
    with tx.change():
        lock_presence(user_id)
        _settle(user_id)  # an absence that the sweep has not seen yet is a break all the same
        Lease.objects.update_or_create(
            connection_id=connection_id,
            user_id=user_id,
            defaults=_reported(state)
            | {"here_since": _here_since(user_id), "expires_at": _lease_end()},
        )
        _settle(user_id)


def beat(*, connection_id: UUID, user_id: int, state: dict[str, Any]) -> None:
    """The page is still there. A lease that ran out meanwhile (a laptop slept) opens again."""
    same = Lease.objects.filter(pk=connection_id, user_id=user_id, **_reported(state))
    if not same.filter(expires_at__gt=clock.now()).update(expires_at=_lease_end()):
        open_lease(user_id=user_id, connection_id=connection_id, state=state)


def close_lease(*, connection_id: UUID) -> None:
    """The page is gone, but a reload comes back within CLOSE_SECONDS and must not blink."""
    end = clock.now() + timedelta(seconds=settings.CLOSE_SECONDS)
    Lease.objects.filter(pk=connection_id, expires_at__gt=end).update(expires_at=end)


def set_status(*, user_id: int, status: str) -> None:
    """The person chooses Online or Away, for all projects. Raises Refusal `invalid`."""
    if status not in Presence.Status.values:
        raise Refusal("invalid", _("The status is either online or away."))
    with tx.change():
        row = lock_presence(user_id)
        if row.status == status:
            return
        row.status, row.changed_at = status, clock.now()
        row.save(update_fields=["status", "changed_at"])
        if not _settle(user_id):  # not here: the state stays, but pages show the status too
            ports.presence_changed(user_id)


def sweep_leases() -> list[int]:
    """Forget the leases that have run out; the keys of the people whose presence that changed."""
    over = Lease.objects.filter(expires_at__lte=clock.now())
    user_ids = over.order_by("user_id").values_list("user_id", flat=True).distinct()
    return [user_id for user_id in list(user_ids) if tx.run(_forget_leases, user_id)]


def _forget_leases(user_id: int) -> bool:
    with tx.change():
        lock_presence(user_id)
        has_changed = _settle(user_id)
        Lease.objects.filter(user_id=user_id, expires_at__lte=clock.now()).delete()
    return has_changed


def lock_presence(user_id: int) -> Presence:
    """The person's row, locked before anything else."""
    mine = Presence.objects.filter(user_id=user_id)
    row = tx.lock(mine).first()
    if row is None:
        Presence.objects.bulk_create([Presence(user_id=user_id)], ignore_conflicts=True)
        row = tx.lock(mine).get()
    return row


def _here_since(user_id: int) -> datetime:
    """Since when a page of his has been open without a break: a reload is none."""
    live = Lease.objects.filter(user_id=user_id, expires_at__gt=clock.now())
    return live.aggregate(since=Min("here_since"))["since"] or clock.now()


def _lease_end() -> datetime:
    return clock.now() + timedelta(seconds=settings.LEASE_SECONDS)


def _reported(state: dict[str, Any]) -> dict[str, Any]:
    """What the page says of itself, as far as it makes sense."""
    reported = {flag: state.get(flag, usual) is True for flag, usual in FLAGS.items()}
    notify = state.get("notify")
    known = isinstance(notify, str) and notify in PERMISSIONS
    return reported | {"notify": notify if known else "default"}


def _settle(user_id: int) -> bool:
    """Record what is computed now, and tell if it is another state than before; whether it is."""
    here = queries.presence([user_id])[user_id]
    last = PresenceInterval.objects.filter(user_id=user_id, ended_at=None).first()
    if here.state == (last.state if last else PresenceInterval.State.OFFLINE):
        return False
    at = here.since or clock.now()
    if last:
        at = last.ended_at = max(at, last.started_at)
        last.save(update_fields=["ended_at"])
    PresenceInterval.objects.create(user_id=user_id, state=here.state, started_at=at)
    ports.presence_changed(user_id)
    return True


# ---------------------------------------------------------------- working hours


def set_hours(
    *,
    agent: Agent,
    spans: Collection[Span],
    actor: User | None,
    seen: Collection[Span] | None = None,
) -> Agent:
    """Give an agent these working hours in his project; none: he may always receive.

    Applied at once. `seen`: those that the actor had before his eyes. Raises Refusal `invalid` if two
    of them have time in common, `changed_meanwhile` if they are others by now.
    """
    common = first_overlap([*spans])
    if common:
        raise errors.overlapping_hours(*common)
    with tx.change():
        agent = _lock_agent(agent.pk)
        now = queries.hours_of([agent.pk]).get(agent.pk, [])
        if seen is not None and set(seen) != set(now):
            raise errors.hours_changed(_week(sorted(now)))
        if set(spans) == set(now):
            return agent
        WorkingSpan.objects.filter(agent=agent).delete()
        WorkingSpan.objects.bulk_create(
            WorkingSpan(agent=agent, weekday=one.weekday, begins=one.begins, ends=one.ends)
            for one in spans
        )
        _plan_shift(agent, sorted(spans))
        _audit_hours(agent, actor, sorted(spans))
        ports.hours_changed([agent.pk])
        return agent


def retime_hours(*, project_id: int) -> None:
    """The project may be in another time zone now."""
    mine = Agent.objects.filter(project=project_id, shift_change__isnull=False)
    agents = list(tx.lock(mine.with_people()))
    spans = queries.hours_of([agent.pk for agent in agents])
    moved = [agent.pk for agent in agents if _plan_shift(agent, spans.get(agent.pk, []))]
    if moved:
        ports.hours_changed(moved)


def sweep_hours() -> None:
    """Tell of those whose working hours have begun or ended since the last time."""
    due = ShiftChange.objects.filter(at__lte=clock.now()).order_by("agent")
    for agent_id in list(due.values_list("agent", flat=True)):
        tx.run(_change_shift, agent_id)


def _change_shift(agent_id: int) -> None:
    with tx.change():
        agent = _lock_agent(agent_id)
        _plan_shift(agent, queries.hours_of([agent_id]).get(agent_id, []))
        ports.hours_changed([agent_id])


def _lock_agent(agent_id: int) -> Agent:
    """Locked as for everything that changes whether somebody can receive."""
    return tx.lock(Agent.objects.with_people().filter(pk=agent_id)).get()


def _plan_shift(agent: Agent, spans: Sequence[Span]) -> bool:
    """Note when the sweep has to look again; whether that is another moment than before."""
    planned = ShiftChange.objects.filter(agent=agent)
    if not spans or agent.removed_at:
        return bool(planned.delete()[0])
    now, zone = clock.now(), ZoneInfo(agent.project.time_zone)
    at = next_midnight(now, zone)
    change = next_change(spans, now, zone)
    at = min(at, change) if change else at
    if planned.filter(at=at).exists():
        return False
    ShiftChange.objects.update_or_create(agent=agent, defaults={"at": at})
    return True


def _week(spans: Sequence[Span]) -> list[str]:
    return [f"{WorkingSpan.Weekday(one.weekday).label} {one}" for one in spans]


def _audit_hours(agent: Agent, actor: User | None, spans: Sequence[Span]) -> None:
    record_audit(
        company=agent.project.company,
        actor=actor,
        verb="agent.hours",
        target=agent.project.name,
        data={
            "agent": agent.user.name,
            "hours": [f"{WorkingSpan.Weekday(one.weekday).name.title()} {one}" for one in spans],
        },
    )


# ---------------------------------------------------------------- the pool


def pool_of(project: Project) -> Pool:
    """The project's routing settings, made with the defaults if there are none yet."""
    return Pool.objects.get_or_create(project=project)[0]


def change_rules(
    *,
    pool: Pool,
    actor: User | None,
    specified: Sequence[Agent] | None = None,
    seen: int | None = None,
    **rules: Any,
) -> Pool:
    """Change the rules, and the list of Specified Agents if it is given; applied at once.

    `seen`: the version that the actor had before his eyes. Raises Refusal `changed_meanwhile` if
    somebody has saved another since, `invalid` if one of the agents is none of the project.
    """
    if rules.keys() - RULES:
        raise TypeError(f"not to be set here: {', '.join(sorted(rules.keys() - RULES))}")
    with tx.change():
        pool = lock_pool(pool.project_id)
        if seen is not None and seen != pool.version:
            raise _changed_since(pool, seen)
        for name, value in rules.items():
            setattr(pool, name, value)
        pool.version += 1
        pool.save(update_fields=[*rules, "version"])
        if specified is not None:
            _specify(pool, specified)
        _audit_rules(pool, actor, rules, specified)
        ports.rules_changed(pool.project_id)
        return pool


def _specify(pool: Pool, agents: Sequence[Agent]) -> None:
    if any(agent.project_id != pool.project_id for agent in agents):
        raise Refusal("invalid", _("The list may hold agents of this project only."))
    pool.specified.set(agents)


def _audit_rules(
    pool: Pool, actor: User | None, rules: dict[str, Any], specified: Sequence[Agent] | None
) -> None:
    project = pool.project
    data = rules | {"project": str(project.public_id), "version": pool.version}
    if specified is not None:
        data["specified"] = [agent.user.name for agent in specified]
    record_audit(
        company=project.company, actor=actor, verb="rules.changed", target=project.name, data=data
    )


def _changed_since(pool: Pool, seen: int) -> Refusal:
    """Who has saved rules since that version, and what they have changed to what."""
    entries = AuditEntry.objects.filter(
        company=pool.project.company_id,
        verb="rules.changed",
        data__project=str(pool.project.public_id),
        data__version__gt=seen,
    )
    names: dict[str, None] = {}
    changes: dict[str, Any] = {}
    for entry in entries.select_related("actor").order_by("pk"):
        names[entry.actor.name if entry.actor else str(_("Somebody"))] = None
        changes |= {name: value for name, value in entry.data.items() if name in SHOWN}
    said = [_in_words(name, value) for name, value in changes.items()]
    return errors.rules_changed(", ".join(names), "; ".join(said))


def _in_words(name: str, value: Any) -> str:
    field: Any = Pool._meta.get_field(name)
    if isinstance(value, list):
        said = ", ".join(value) or "–"
    elif value is None or isinstance(value, bool):
        said = str(_("on") if value else _("off"))
    else:
        said = dict(field.flatchoices).get(value, value)
    return f"{field.verbose_name}: {said}"


def lock_pool(project_id: int) -> Pool:
    """The pool, locked: the first lock of everything that writes the owner of a session."""
    Pool.objects.get_or_create(project_id=project_id)
    mine = Pool.objects.filter(project_id=project_id)
    tx.lock(mine).get()
    # A lock that had to wait brings joined rows as they were before: a cursor that has moved
    # meanwhile would come as none at all.
    return mine.select_related("project", "cursor_agent").get()


def keep_cursor(*, pool: Pool) -> None:
    """If the cursor's agent has left the list, move it to the one before him. The pool is locked."""
    gone = pool.cursor_agent
    if gone is None or gone.removed_at is None:
        return
    before = Agent.objects.filter(project=pool.project_id, position__lt=gone.position).on_team()
    pool.cursor_agent = before.last()
    pool.save(update_fields=["cursor_agent"])


def serve(*, pool: Pool, agent_ids: Sequence[int]) -> None:
    """Count the pool's automatic assignments, in their order, and move the cursor.

    The pool is locked. Claims, transfers and "former agent first" are no turns.
    """
    if not agent_ids:
        return
    numbers = {agent_id: pool.turn + place for place, agent_id in enumerate(agent_ids, start=1)}
    Turn.objects.bulk_create(
        [Turn(pool=pool, agent_id=agent_id, number=number) for agent_id, number in numbers.items()],
        update_conflicts=True,
        unique_fields=["agent"],
        update_fields=["number"],
    )
    pool.turn += len(agent_ids)
    pool.cursor_agent_id = agent_ids[-1]
    pool.save(update_fields=["turn", "cursor_agent"])
