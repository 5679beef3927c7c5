"""From which redirect link a session came."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from core import tx
from projects.models import Project
from redirects.actions import clicks
from redirects.actions.clicks import Start
from redirects.models import Origin
from sessions_app.actions import feed
from sessions_app.models import ChatSession, Customer

CARRIED = ("link", "click", "own_until")
NEXT = ("next_link", "next_click")


@dataclass(frozen=True)
class Came:
    """Somebody has pressed START with a ticket. `session`: his open one, None if he has none."""

    ticket: str
    customer: Customer
    session: ChatSession | None

    @property
    def start(self) -> Start:
        """It is known again by the session, or by the customer who has none (`click_came`)."""
        where = (self.session or self.customer).public_id
        return Start(self.ticket, self.customer.telegram_id, where)


def trace(project: Project, came: Sequence[Came]) -> None:
    """Bind these tickets. The open session carries what it brought, unless it carries something
    already; without one the customer keeps it for the next. In memory what is not stored yet; the
    customers are locked, and so are sessions that are stored.
    """
    starts = [(one, one.start) for one in came]
    origins = clicks.redeem(project=project, starts=[start for _one, start in starts])
    for one, start in starts:
        if start in origins:
            _arrive(one.customer, one.session, origins[start])


def take_up(sessions: Iterable[ChatSession]) -> None:
    """Sessions that are being opened carry what their customers kept for them."""
    for session in sessions:
        customer = session.customer
        if session.link_id is None and customer.next_link is not None:
            _carry(session, Origin(customer.next_link, customer.next_click))
            _keep(customer, None)


def _arrive(customer: Customer, session: ChatSession | None, origin: Origin) -> bool:
    """Whether the session carries it now."""
    if session is None:
        _keep(customer, origin)
        return False
    if session.link_id is not None:
        return False
    _carry(session, origin)
    if session.pk:
        session.save(update_fields=CARRIED)
    return True


def _keep(customer: Customer, origin: Origin | None) -> None:
    customer.next_link = origin.link if origin else None
    customer.next_click = origin.click if origin else None
    customer.save(update_fields=NEXT)


def _carry(session: ChatSession, origin: Origin) -> None:
    session.link, session.click = origin.link, origin.click
    if session.waiting_since and origin.link.agents.exists():
        session.own_until = session.waiting_since + timedelta(seconds=origin.link.patience_s)


def click_came(origins: Sequence[tuple[UUID, Origin]]) -> None:
    """Clicks that were stored later than their STARTs: the sessions of these carry them now, or what
    session the customer has got since."""
    found = dict(origins)
    for customer in tx.lock(Customer.objects.filter(public_id__in=found)):
        open_ones = ChatSession.objects.for_page().open().filter(customer=customer)
        session = tx.lock(open_ones).first()
        if _arrive(customer, session, found[customer.public_id]) and session:
            feed.session_changed(session, was=session.state)
    waiting = ChatSession.objects.for_page().filter(public_id__in=found, link=None)
    for session in tx.lock(waiting):
        _arrive(session.customer, session, found[session.public_id])
        feed.session_changed(session, was=session.state)
