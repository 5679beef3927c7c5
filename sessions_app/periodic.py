"""The net below every kick: whatever is due is found in the database."""

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta

from django.conf import settings

from bots.queries import bots_with_due_updates
from core import clock, tx
from core.retention import forget, forget_old
from core.ticks import every
from routing.actions import sweep_hours, sweep_leases
from sessions_app.actions import absence, attempts, inbox, routing
from sessions_app.models import DryRun, Judgement, Ping, RoutingAttempt
from sessions_app.queries import line

log = logging.getLogger(__name__)

# One bot's backlog must not keep the others waiting; a drain that has not ended kicks itself.
DRAIN = timedelta(seconds=5)


@every(5, "sessions_app.drain_due")
def drain_due() -> None:
    _each(bots_with_due_updates(), _drain)


@every(settings.SWEEP_SECONDS, "sessions_app.sweep")
def sweep() -> None:
    """Leases that ran out, working hours that began or ended, owners who are gone, sessions that
    wait."""
    sweep_leases()
    sweep_hours()
    absence.watch_owners()
    absence.watch_answers()
    _each(sorted(line.projects_to_settle()), _settle)


forget(RoutingAttempt, attempts.purge)
forget(Judgement, attempts.purge_judgements)
forget_old(Ping, "sent_at", lambda: settings.EVENT_DAYS)
forget_old(DryRun, "asked_at", lambda: settings.EVENT_DAYS)


def _drain(bot_id: int) -> None:
    inbox.drain(bot_id, deadline=clock.now() + DRAIN)


def _settle(project_id: int) -> None:
    if routing.is_due(project_id):
        tx.run(routing.settle_project, project_id=project_id, trigger="sweep")


def _each(keys: Iterable[int], function: Callable[[int], None]) -> None:
    """A fault with one must not keep the others waiting."""
    for key in keys:
        try:
            function(key)
        except Exception:
            log.exception("%s(%s) failed; it is tried again", function.__name__.strip("_"), key)
