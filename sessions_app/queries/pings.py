"""What became of test pings."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import OuterRef, Prefetch, Subquery

from accounts.models import User
from sessions_app.models import Ping, Receipt


def latest_pings(user_ids: Collection[int], since: datetime) -> dict[int, Ping]:
    """The latest ping of each of these people who was sent one after that, with its receipts
    loaded; two queries."""
    sent = Ping.objects.filter(user=OuterRef("pk"), sent_at__gt=since).order_by("-sent_at", "-pk")
    people = User.objects.filter(pk__in=user_ids).annotate(ping=Subquery(sent.values("pk")[:1]))
    receipts = Prefetch("receipts", Receipt.objects.order_by("at", "pk"))
    latest = Ping.objects.filter(pk__in=people.values("ping")).prefetch_related(receipts)
    return {ping.user_id: ping for ping in latest}
