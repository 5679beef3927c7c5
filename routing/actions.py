"""Presence by leases and hand-set status; the rules of a pool and the turn of its circle.

Whoever changes one person's presence locks that person's Presence row first, before anything else.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.actions import record_audit
from accounts.models import User
from core import clock, tx
from core.errors import Refusal
from projects.models import Agent, Project
from routing import ports, queries
from routing.models import Lease, Pool, Presence, PresenceInterval, Turn

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
    }
)

# ---------------------------------------------------------------- presence


def open_lease(*, user_id: int, connection_id: UUID, state: dict[str, Any]) -> None:
    """A session page's socket was accepted: its user is there for LEASE_SECONDS from now.

    `state` is what the page reports of itself: {visible, focused, notify, sound, push}.
    """
    with tx.change():
        _lock_presence(user_id)
        Lease.objects.update_or_create(
            connection_id=connection_id,
            user_id=user_id,
            defaults=_reported(state) | {"expires_at": _lease_end()},
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
        row = _lock_presence(user_id)
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
        _lock_presence(user_id)
        has_changed = _settle(user_id)
        Lease.objects.filter(user_id=user_id, expires_at__lte=clock.now()).delete()
    return has_changed


def _lock_presence(user_id: int) -> Presence:
    mine = Presence.objects.filter(user_id=user_id)
    row = tx.lock(mine).first()
    if row is None:
        Presence.objects.bulk_create([Presence(user_id=user_id)], ignore_conflicts=True)
        row = tx.lock(mine).get()
    return row


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


# ---------------------------------------------------------------- the pool


def pool_of(project: Project) -> Pool:
    """The project's routing settings, made with the defaults if there are none yet."""
    return Pool.objects.get_or_create(project=project)[0]


def change_rules(
    *, pool: Pool, actor: User | None, specified: Sequence[Agent] | None = None, **rules: Any
) -> Pool:
    """Change the rules, and the list of Specified Agents if it is given; applied at once.

    Raises Refusal `invalid` if one of them is no agent of the project.
    """
    if rules.keys() - RULES:
        raise TypeError(f"not to be set here: {', '.join(sorted(rules.keys() - RULES))}")
    with tx.change():
        pool = lock_pool(pool.project_id)
        for name, value in rules.items():
            setattr(pool, name, value)
        pool.save(update_fields=list(rules))
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
    data = dict(rules)
    if specified is not None:
        data["specified"] = [agent.user.name for agent in specified]
    project = pool.project
    record_audit(
        company=project.company, actor=actor, verb="rules.changed", target=project.name, data=data
    )


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
