"""Whether links' addresses work from outside: looked at one after the other, a few in a second."""

import time
from datetime import timedelta

from django.conf import settings
from django.db.models import QuerySet

from core import clock, ending, kick
from projects.models import Project
from redirects import client
from redirects.client import Found
from redirects.models import Link

EVERY = timedelta(hours=6)
# An installation that does not answer is not asked for each link.
AGAIN = timedelta(minutes=10)
AT_ONCE = 30
PAUSE_SECONDS = 0.3
ROUND_SECONDS = 15.0


def check_due() -> int:
    """Look at links that are due, for some seconds; how many were looked at. None at all if there is
    no public address. Waits for answers: call it outside of a transaction."""
    if not settings.PUBLIC_URL:
        return 0
    until, looked = time.monotonic() + ROUND_SECONDS, 0
    due = list(_due()[:AT_ONCE])
    for link in due:
        if time.monotonic() > until or ending.has_begun():
            break
        if not _claim(link):
            continue
        found = check(link)
        looked += 1
        if found.state == Link.Check.UNREACHABLE:
            _note([one.pk for one in due], found, next_in=AGAIN)
            break
        time.sleep(PAUSE_SECONDS)
    return looked


def check(link: Link) -> Found:
    """Look at one now, and keep what was found. Needs project and bot loaded, and PUBLIC_URL."""
    found = client.look(link)
    _note([link.pk], found, next_in=EVERY)
    return found


def request_checks(project: Project) -> None:
    """All of the project are due now."""
    Link.objects.kept().filter(project=project, is_enabled=True).update(check_due_at=clock.now())
    kick.task("redirects.check_due")


def _due() -> QuerySet[Link]:
    links = Link.objects.kept().filter(
        is_enabled=True, project__archived_at=None, check_due_at__lte=clock.now()
    )
    return links.select_related("project__bot").order_by("check_due_at", "pk")


def _claim(link: Link) -> bool:
    """Whether nobody else looks at it now."""
    mine = Link.objects.filter(pk=link.pk, check_due_at=link.check_due_at)
    return bool(mine.update(check_due_at=clock.now() + EVERY))


def _note(keys: list[int], found: Found, *, next_in: timedelta) -> None:
    now = clock.now()
    Link.objects.filter(pk__in=keys).update(
        checked_at=now,
        check_state=found.state,
        check_detail=found.detail,
        check_due_at=now + next_in,
    )
