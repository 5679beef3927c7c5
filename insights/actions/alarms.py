"""Raising alarms and ending them.

A look may run twice at once, and one that stood still may be late: every change names what it
expects of the row, so that it is made once, and by no look that is older than the row.
"""

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from accounts.actions import record_audit
from accounts.models import User
from core import clock, kick, tx
from core.validation import validate
from insights import delivery
from insights.checks.alarms import Sight
from insights.metrics import ALARMS_RAISED
from insights.models import Alarm, AlarmMail, AlarmRules
from insights.queries import alarms
from insights.queries.watching import Look, look, watched
from projects.models import Project

log = logging.getLogger(__name__)

WATCH_SECONDS = 20
BATCH = 200
# Nobody has looked for so long: what was seen before proves nothing about the time between.
GAP = timedelta(seconds=90)

About, State = AlarmMail.About, AlarmMail.State
MINUTES = ("nobody_min", "bot_min", "waiting_min")


def watch() -> None:
    """Look at every project; a fault with some must not keep the others from being seen."""
    every = watched()
    for first in range(0, len(every), BATCH):
        keys = every[first : first + BATCH]
        try:
            _settle(keys, look(keys))
        except Exception:
            log.exception("alarms of %d projects could not be looked at", len(keys))
    _end_unwatched()


def _settle(keys: Sequence[int], seen: Look) -> None:
    _note_new(seen)
    for alarm in Alarm.objects.open().filter(project__in=keys).select_related("project"):
        sight = seen.seen.get((alarm.project_id, alarm.kind))
        if sight is None:
            tx.run(_end, alarm, seen.at)
        else:
            tx.run(_follow, alarm, sight, seen)


def _note_new(seen: Look) -> None:
    """Whoever comes second finds the row there."""
    keys = {project for project, kind in seen.seen}
    known = set(Alarm.objects.open().filter(project__in=keys).values_list("project_id", "kind"))
    fresh = [
        Alarm(project_id=project, kind=kind, began_at=sight.since or seen.at, seen_at=seen.at)
        for (project, kind), sight in seen.seen.items()
        if (project, kind) not in known
    ]
    if fresh:
        with tx.change():
            Alarm.objects.bulk_create(fresh, ignore_conflicts=True)


def _follow(alarm: Alarm, sight: Sight, seen: Look) -> None:
    """It is still so. Raise it if it has lasted."""
    began_at = _began_at(alarm, sight, seen.at)
    rules = seen.rules[alarm.project_id]
    as_it_was = Alarm.objects.open().filter(pk=alarm.pk, seen_at__lte=seen.at)
    with tx.change():
        if not as_it_was.update(began_at=began_at, seen_at=seen.at, told=sight.told):
            return
        if seen.at - began_at >= rules.thresholds()[alarm.kind]:
            _raise(alarm, rules, seen.at)


def _began_at(alarm: Alarm, sight: Sight, at: datetime) -> datetime:
    if alarm.raised_at:
        return alarm.began_at
    if sight.since:
        return sight.since
    return at if at - alarm.seen_at > GAP else alarm.began_at


def _raise(alarm: Alarm, rules: AlarmRules, at: datetime) -> None:
    unraised = Alarm.objects.open().filter(pk=alarm.pk, raised_at=None)
    if unraised.update(raised_at=at):
        ALARMS_RAISED.labels(alarm.kind).inc()
        if delivery.is_set_up() and not rules.is_muted(at):
            _mail(alarm, About.RAISED, [user.pk for user in alarms.mailed(rules)])


def _end(alarm: Alarm, at: datetime) -> None:
    """Over. What was never raised is forgotten. A mail that has not left yet is not needed any
    more: the one that says "over" tells the same."""
    as_it_was = Alarm.objects.open().filter(pk=alarm.pk, seen_at__lte=at)
    with tx.change():
        if not as_it_was.raised().update(ended_at=at):
            as_it_was.filter(raised_at=None).delete()
            return
        told = AlarmMail.objects.filter(alarm=alarm, about=About.RAISED)
        told.filter(state=State.WAITING).update(state=State.DROPPED)
        if not alarms.rules_of(alarm.project).is_muted(at):
            _mail(alarm, About.ENDED, list(told.values_list("user", flat=True)))


def _mail(alarm: Alarm, about: str, user_ids: Collection[int]) -> None:
    if user_ids:
        rows = [AlarmMail(alarm=alarm, user_id=key, about=about) for key in user_ids]
        AlarmMail.objects.bulk_create(rows, ignore_conflicts=True)
        kick.task("insights.send_mails")


def _end_unwatched() -> None:
    """Of projects that were archived."""
    at = clock.now()
    for alarm in Alarm.objects.open().filter(project__archived_at__isnull=False):
        tx.run(_end, alarm, at)


# ---------------------------------------------------------------- what managers set


def change_rules(
    *, project: Project, actor: User | None, unmailed: Collection[User], **minutes: int | None
) -> AlarmRules:
    """`minutes`: nobody_min, bot_min, waiting_min; None: no such alarm. `unmailed`: of those who
    manage the project who wants no mails. Raises Refusal `invalid`."""
    with tx.change():
        rules = _locked(project)
        for name in MINUTES:
            setattr(rules, name, minutes.get(name, getattr(rules, name)))
        validate(rules, MINUTES)
        rules.save()
        rules.unmailed.set(unmailed)
        _audit(project, actor, "alarms.changed", {name: getattr(rules, name) for name in MINUTES})
        return rules


def mute(*, project: Project, actor: User | None, hours: int) -> AlarmRules:
    """No mail for so long; 0: mails again."""
    with tx.change():
        rules = _locked(project)
        rules.muted_until = clock.now() + timedelta(hours=hours) if hours else None
        rules.save(update_fields=["muted_until"])
        _audit(project, actor, "alarms.muted", {"hours": hours})
        return rules


def _locked(project: Project) -> AlarmRules:
    AlarmRules.objects.bulk_create([AlarmRules(project=project)], ignore_conflicts=True)
    return tx.lock(AlarmRules.objects.filter(project=project)).get()


def _audit(project: Project, actor: User | None, verb: str, data: dict[str, Any]) -> None:
    record_audit(company=project.company, actor=actor, verb=verb, target=project.name, data=data)
