"""From which redirect link a session came."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from core import tx
from projects.models import Project
from redirects.actions import clicks
from redirects.actions.clicks import Start
from redirects.models import Origin
from sessions_app.actions import feed
from sessions_app.models import ChatSession


def trace(project: Project, starts: Sequence[tuple[Start, ChatSession | None]]) -> None:
    """Bind the tickets of these STARTs. With each the session that it has opened, to carry its
    origin, in memory; None where there was one already, which keeps its own."""
    origins = clicks.redeem(project=project, starts=[start for start, _ in starts])
    for start, session in starts:
        if session is not None and start in origins:
            _carry(session, origins[start])


def _carry(session: ChatSession, origin: Origin) -> None:
    session.link, session.click = origin.link, origin.click
    if session.waiting_since and origin.link.agents.exists():
        session.own_until = session.waiting_since + timedelta(seconds=origin.link.patience_s)


def click_came(origins: Sequence[tuple[UUID, Origin]]) -> None:
    """Clicks that were stored later than their STARTs: their sessions carry them now."""
    found = dict(origins)
    waiting = ChatSession.objects.for_page().filter(public_id__in=found, link=None)
    for session in tx.lock(waiting):
        _carry(session, found[session.public_id])
        session.save(update_fields=["link", "click", "own_until"])
        feed.session_changed(session, was=session.state)
