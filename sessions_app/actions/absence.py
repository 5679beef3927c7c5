"""Owners who are not there any more, and owners who are there and do not answer.

The sweep writes `owner_missing_since` when it sees an owner without a session page, never earlier:
an outage of our own must arm nothing by itself. GRACE_SECONDS later it is judged again. Deadlines
are rows, so a restart loses none.

"Answer within" counts only while the owner's page is open: an outage that closes pages for longer
than a lease lasts starts it anew, and one that stops the sweep alone makes it late, never early.
"""

from datetime import timedelta

from django.conf import settings
from django.db.models import QuerySet

from core import clock, tx
from routing.models import Pool
from sessions_app.actions import feed, ownership, routing, timeline
from sessions_app.actions.presence import owner_is_here
from sessions_app.models import Assignment, ChatSession
from sessions_app.queries import line


def watch_owners() -> None:
    """Look once at all owners: who is back, who is gone, who has been gone too long."""
    tx.run(_welcome_back)
    tx.run(_notice_absence)
    overdue = _overdue().order_by("project").values_list("project", flat=True).distinct()
    for project_id in list(overdue):
        tx.run(_judge_again, project_id)


def watch_answers() -> None:
    """Pass on, once, what its owner by routing has not answered in the project's time."""
    owing = ChatSession.objects.filter(answer_since__isnull=False)
    keys = owing.order_by("project").values_list("project", flat=True).distinct()
    for pool in list(Pool.objects.filter(project__in=list(keys))):
        tx.run(_pass_on, pool)


def _pass_on(pool: Pool) -> None:
    if pool.answer_within_min is None:  # switched off: nobody owes anything
        owing = ChatSession.objects.filter(project=pool.project_id, answer_since__isnull=False)
        owing.update(answer_since=None)
        return
    due = line.unanswered(pool.project_id, timedelta(minutes=pool.answer_within_min))
    because = Assignment.End.OWNER_SILENT
    if due.exists() and ownership.release(project_id=pool.project_id, due=due, because=because):
        routing.route_project(project_id=pool.project_id, trigger="released")


def _welcome_back() -> None:
    """The net below presence_changed, which clears the same at once."""
    with tx.change():
        here = line.owned_by_present()
        owner_is_here(here.filter(is_flagged=True) | here.filter(owner_missing_since__isnull=False))


def _notice_absence() -> None:
    """Who was never here since he got the session keeps it: somebody gave it to him knowing that."""
    with tx.change():
        unseen = line.owned_by_absent().filter(owner_missing_since=None, is_flagged=False)
        keys = [session.pk for session in tx.lock(unseen)]
        noticed = ChatSession.objects.filter(pk__in=keys)
        gone = list(noticed.filter(line.was_here()).values_list("pk", flat=True))
        noticed.filter(pk__in=gone).update(owner_missing_since=clock.now())
        _flag(noticed.exclude(pk__in=gone))


def _overdue() -> QuerySet[ChatSession]:
    since = clock.now() - timedelta(seconds=settings.GRACE_SECONDS)
    return line.owned_by_absent().filter(owner_missing_since__lte=since, is_flagged=False)


def _judge_again(project_id: int) -> None:
    pool = Pool.objects.get(project=project_id)
    if pool.vanished == Pool.Vanished.KEEP:
        with tx.change():
            _flag(_overdue().filter(project=project_id))
        return
    because = Assignment.End.OWNER_VANISHED
    if ownership.release(project_id=project_id, due=_overdue(), because=because):
        routing.route_project(project_id=project_id, trigger="released")


def _flag(sessions: QuerySet[ChatSession]) -> None:
    for session in timeline.locked(sessions):
        session.is_flagged = True
        session.save(update_fields=["is_flagged"])
        feed.session_changed(session, was=session.state)
