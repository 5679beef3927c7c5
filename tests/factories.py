"""Rows for tests: plain functions with defaults. They write rows and nothing else (no events)."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import count, cycle
from typing import Any

from django.conf import settings
from django.db.models import F

from accounts.models import Company, Membership, User
from bots.models import Bot, Inbox
from core import clock
from projects.models import Agent, Project
from redirects.models import Link
from routing.models import Lease, Pool, Presence
from sessions_app.models import Assignment, ChatSession, Customer, Message, Ping, Receipt

_numbers = count(1)


def make_company(name: str = "Acme") -> Company:
    return Company.objects.create(name=name)


def make_user(name: str = "Alice", *, password: str | None = None, **fields: Any) -> User:
    """A person. Without a password nobody can sign in as him (and no time is spent hashing)."""
    fields.setdefault("email", f"{name.split()[0].lower()}.{next(_numbers)}@example.org")
    return User.objects.create_user(name=name, password=password, **fields)


def make_member(
    company: Company, user: User | None = None, role: str = "agent", **fields: Any
) -> Membership:
    """A membership; `role`: owner, manager, agent or support."""
    user = user or make_user(role.title())
    return Membership.objects.create(company=company, user=user, role=role, **fields)


def make_project(company: Company | None = None, name: str = "Help", **fields: Any) -> Project:
    """An active project with its pool."""
    fields.setdefault("state", Project.State.ACTIVE)
    company = company or make_company()
    project = Project.objects.create(company=company, name=name, **fields)
    Pool.objects.create(project=project)
    return project


def make_agent(
    project: Project, name: str = "Alice", *, user: User | None = None, **fields: Any
) -> Agent:
    """An agent at the end of the list, with status Online chosen and no page open."""
    user = user or make_user(name)
    Membership.objects.get_or_create(
        company=project.company, user=user, defaults={"role": Membership.Role.AGENT}
    )
    Presence.objects.get_or_create(user=user)
    fields.setdefault("position", Agent.objects.filter(project=project).count())
    return Agent.objects.create(project=project, user=user, **fields)


def make_lease(user: User, **fields: Any) -> Lease:
    """An open session page: the person is there now."""
    fields.setdefault("expires_at", clock.now() + timedelta(seconds=settings.LEASE_SECONDS))
    return Lease.objects.create(user=user, **fields)


def make_link(project: Project, **fields: Any) -> Link:
    fields.setdefault("name", "Spring sale")
    return Link.objects.create(project=project, **fields)


def make_ping(
    user: User, *answered: Lease, ms: int = 100, shown: bool = False, **fields: Any
) -> Ping:
    """A test ping to somebody with one page open, with the receipts of these pages."""
    fields.setdefault("pages", 1)
    ping = Ping.objects.create(user=user, sender=user, **fields)
    for lease in answered:
        make_receipt(ping, lease, ms=ms, shown=shown)
    return ping


def make_receipt(ping: Ping, lease: Lease, *, ms: int = 100, shown: bool = False) -> Receipt:
    return Receipt.objects.create(
        ping=ping,
        connection_id=lease.pk,
        at=ping.sent_at + timedelta(milliseconds=ms),
        visible=True,
        notify=lease.notify,
        shown=shown,
    )


def make_bot(project: Project, **fields: Any) -> Bot:
    number = next(_numbers)
    fields.setdefault("telegram_id", 7_000_000_000 + number)
    fields.setdefault("username", f"help_{number}_bot")
    fields.setdefault("token", f"{fields['telegram_id']}:" + "A" * 35)
    bot = Bot.objects.create(project=project, **fields)
    Inbox.objects.create(bot=bot)
    return bot


def bot_of(project: Project) -> Bot:
    """The project's bot, made if there is none."""
    return Bot.objects.filter(project=project).first() or make_bot(project)


def make_customer(project: Project, first_name: str = "Carol", **fields: Any) -> Customer:
    fields.setdefault("telegram_id", 500_000_000 + next(_numbers))
    return Customer.objects.create(project=project, first_name=first_name, **fields)


def make_session(
    project: Project,
    *,
    owner: Agent | None = None,
    customer: Customer | None = None,
    **fields: Any,
) -> ChatSession:
    """A session: Unassigned, or Assigned to `owner` with its Assignment, or as `fields` say."""
    Project.objects.filter(pk=project.pk).update(last_session_number=F("last_session_number") + 1)
    project.refresh_from_db(fields=["last_session_number"])
    moment = clock.now()
    if owner:
        fields.setdefault("state", ChatSession.State.ASSIGNED)
        fields.setdefault("assigned_at", moment)
        fields.setdefault("first_assigned_at", moment)
        fields.setdefault("waiting_since", None)
    if fields.get("state") == ChatSession.State.COMPLETED:
        fields.setdefault("completed_at", moment)
        fields.setdefault("waiting_since", None)
    session = ChatSession.objects.create(
        project=project,
        bot=bot_of(project),
        customer=customer or make_customer(project),
        number=project.last_session_number,
        owner=owner,
        **fields,
    )
    if session.state == ChatSession.State.ASSIGNED and owner:
        Assignment.objects.create(
            session=session, agent=owner, reason=Assignment.Reason.ROUTED, started_at=moment
        )
    return session


def make_sessions(
    project: Project, size: int, *, owners: Sequence[Agent | None] = (None,)
) -> list[ChatSession]:
    """Many at once, with the owners in turn; they have no Assignments."""
    bot = bot_of(project)
    customers = Customer.objects.bulk_create(
        Customer(project=project, telegram_id=500_000_000 + next(_numbers)) for _ in range(size)
    )
    first = project.last_session_number + 1
    project.last_session_number += size
    project.save(update_fields=["last_session_number"])
    rows = [
        ChatSession(project=project, bot=bot, customer=customer, number=number)
        for number, customer in enumerate(customers, start=first)
    ]
    for row, owner in zip(rows, cycle(owners), strict=False):
        if owner:
            row.owner, row.state, row.waiting_since = owner, ChatSession.State.ASSIGNED, None
    return ChatSession.objects.bulk_create(rows)


def make_message(session: ChatSession, text: str = "Hello", **fields: Any) -> Message:
    """A message from the customer (or as `direction` says) at the end of the session."""
    direction = fields.setdefault("direction", Message.Direction.IN)
    fields.setdefault("at", clock.now())
    fields.setdefault("bot", session.bot)
    fields.setdefault("chat_id", session.customer.telegram_id)
    if direction == Message.Direction.IN:
        fields.setdefault("telegram_message_id", next(_numbers))
        session.incoming_count += 1
        session.unanswered_since = session.unanswered_since or fields["at"]
        if not text.startswith("/start"):
            session.wrote_at = session.wrote_at or fields["at"]
    elif direction == Message.Direction.OUT and "author" in fields:
        if fields.get("delivery") != "failed":
            session.answered_at = session.answered_at or fields["at"]
    session.message_count += 1
    session.last_message_number = session.message_count
    session.last_message_at = fields["at"]
    session.last_message_text = text[:200]
    session.last_message_direction = direction
    session.save()
    return Message.objects.create(
        session=session, number=session.message_count, text=text, **fields
    )
