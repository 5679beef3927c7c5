"""The people who write: known by what their updates say of them."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from core import tx
from core.prebuilt import Insert, Prebuilt, Slot
from projects.models import Project
from sessions_app.actions import feed
from sessions_app.models import Customer
from sessions_app.telegram import Blocked, Incoming, Sender, Unreadable

NAMES = ("first_name", "last_name", "username", "language_code")
LEARNED = (*NAMES, "blocked_at")

News = Incoming | Blocked | Unreadable


def meet(*, project: Project, news: Iterable[tuple[Sender, News]]) -> dict[int, Customer]:
    """The customers behind these updates by Telegram id: made, renamed, blocked or unblocked.

    Constant in queries. Locks those it knew; records `customer.changed` for each that changed.
    """
    by_person: dict[int, list[tuple[Sender, News]]] = {}
    for sender, item in news:
        by_person.setdefault(sender.id, []).append((sender, item))
    known = _known(project, by_person)
    strangers = [
        Customer(project=project, telegram_id=person) for person in by_person if person not in known
    ]
    before = {customer.telegram_id: _learned(customer) for customer in known.values()}
    people = known | {customer.telegram_id: customer for customer in strangers}
    for person, items in by_person.items():
        for sender, item in items:
            _learn(people[person], sender, item)
    _write([known[person] for person in known if _learned(known[person]) != before[person]])
    _STRANGERS.rows(strangers)
    return people


def _known(project: Project, people: Iterable[int]) -> dict[int, Customer]:
    rows = _KNOWN.rows(project=project.pk, people=sorted(people))
    customers = {customer.telegram_id: customer for customer in rows}
    for customer in customers.values():
        customer.project = project
    return customers


def _locked(project: Slot, people: Slot) -> QuerySet[Customer]:
    return tx.lock(Customer.objects.filter(project__pk=project, telegram_id__any_of=people))


_STRANGERS = Insert(Customer)
_KNOWN = Prebuilt(_locked, project=Project._meta.pk, people=Customer._meta.get_field("telegram_id"))


def _learned(customer: Customer) -> tuple[object, ...]:
    return tuple(getattr(customer, name) for name in LEARNED)


def _write(changed: list[Customer]) -> None:
    Customer.objects.bulk_update(changed, LEARNED)
    for customer in changed:
        feed.customer_changed(customer)


def _learn(customer: Customer, sender: Sender, item: News) -> None:
    if sender.is_named:
        for name in NAMES:
            setattr(customer, name, getattr(sender, name))
    if isinstance(item, Blocked) and item.is_blocked:
        customer.blocked_at = customer.blocked_at or item.at
    elif customer.blocked_at and _is_back(customer.blocked_at, item):
        customer.blocked_at = None


def _is_back(blocked_at: datetime, item: News) -> bool:
    """He has let the bot in or written; a message from before the block may come late."""
    if isinstance(item, Blocked):
        return item.at >= blocked_at
    return isinstance(item, Incoming) and item.edited_at is None and item.at > blocked_at


def has_blocked(customer: Customer, at: datetime) -> None:
    """Telegram refused a message because he has blocked the bot. The customer is locked.

    Telegram's times are whole seconds: letting the bot in at once must not look like before.
    """
    if customer.blocked_at is None:
        customer.blocked_at = at.replace(microsecond=0)
        customer.save(update_fields=["blocked_at"])
        feed.customer_changed(customer)
