"""Why a session went to whom is told as long as that can matter."""

from django.conf import settings

from core import retention
from sessions_app.models import ChatSession, RoutingAttempt


def purge(limit: int) -> int:
    """Forget old attempts to route sessions that are completed; how many."""
    completed = RoutingAttempt.objects.filter(session__state=ChatSession.State.COMPLETED)
    old = completed.filter(at__lt=retention.before(days=settings.ATTEMPT_DAYS))
    return retention.delete_some(old.order_by("at"), limit)
