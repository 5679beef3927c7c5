"""Why a session went to whom is told as long as that can matter."""

from datetime import datetime

from django.conf import settings
from django.db.models import Exists, OuterRef

from core import retention
from sessions_app.models import ChatSession, Judgement, RoutingAttempt


def purge(limit: int) -> int:
    """Forget old attempts to route sessions that are completed; how many."""
    completed = RoutingAttempt.objects.filter(session__state__in=ChatSession.ENDED)
    old = completed.filter(at__lt=_too_old())
    return retention.delete_some(old.order_by("at"), limit)


def purge_judgements(limit: int) -> int:
    """Forget old verdicts that no attempt asks for any more; how many. New attempts bring their
    own, so nobody comes to refer to an old one."""
    asked_for = RoutingAttempt.objects.filter(judgement=OuterRef("pk"))
    old = Judgement.objects.filter(~Exists(asked_for), at__lt=_too_old())
    return retention.delete_some(old.order_by("at"), limit)


def _too_old() -> datetime:
    return retention.before(days=settings.ATTEMPT_DAYS)
