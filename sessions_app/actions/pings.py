"""Test pings, and the receipts of the pages that they have reached."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings

from accounts.models import User
from core import clock, tx
from projects.models import Agent, Project
from routing.actions import lock_presence
from routing.models import Lease
from routing.queries import open_pages
from sessions_app.actions import feed
from sessions_app.errors import nobody_here, not_found
from sessions_app.models import Ping, Receipt

# Who presses twice asks once.
PAUSE = timedelta(seconds=2)


def send_ping(*, user: User, sender: User) -> Ping:
    """Ask all open pages of the person for an answer: it goes the way that sessions go.

    Raises Refusal `nobody_here` if none is open.
    """
    with tx.change():
        lock_presence(user.pk)
        recent = Ping.objects.filter(user=user, sent_at__gt=clock.now() - PAUSE)
        ping = recent.order_by("-sent_at").first()
        if ping is None:
            pages = _pages(user)
            if not pages:
                raise nobody_here()
            ping = Ping.objects.create(user=user, sender=sender, pages=pages)
            feed.ping_changed(ping)
        return ping


def send_pings(*, project: Project, sender: User) -> None:
    """Ask everybody on the team who has a page open. Raises Refusal `nobody_here` if nobody has."""
    with tx.change():
        team = Agent.objects.filter(project=project).on_team().with_people()
        here = [agent.user for agent in team.order_by("user") if _pages(agent.user)]
        if not here:
            raise nobody_here()
        for user in here:
            send_ping(user=user, sender=sender)


def record_receipt(
    *, ping: Ping, connection_id: UUID, visible: bool, notify: str, shown: bool
) -> None:
    """A page has got the ping; said again once it has shown a notification.

    Raises Refusal `not_found` if that is no page of the person's.
    """
    with tx.change():
        ping = tx.lock(Ping.objects.filter(pk=ping.pk)).get()
        if not Lease.objects.filter(pk=connection_id, user=ping.user_id).exists():
            raise not_found()
        receipt, is_news = Receipt.objects.get_or_create(
            ping=ping,
            connection_id=connection_id,
            defaults={"visible": visible, "notify": notify, "shown": shown},
        )
        if shown and not receipt.shown:
            receipt.shown = is_news = True
            receipt.save(update_fields=["shown"])
        if is_news:
            feed.ping_changed(ping)


def _pages(user: User) -> int:
    """How many could answer: one that was just closed has a lease for CLOSE_SECONDS more."""
    end = clock.now() + timedelta(seconds=settings.CLOSE_SECONDS)
    return sum(lease.expires_at > end for lease in open_pages([user.pk])[user.pk])
