"""Two companies that must never learn of each other, with something in every table.

Every text that belongs to a project or company holds its canary, so that a leak of any of them is
found by looking for one string.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django.apps import apps
from django.db.models import Model

from accounts.actions import record_audit
from accounts.models import Company, Membership, User
from bots.models import Bot, ChatPause, InboundUpdate, OutboundCall, Webhook
from core import clock
from insights.models import Alarm, AlarmMail, AlarmRules, Answer
from projects.models import Agent, Project
from redirects.models import Click, EarlyStart, Link
from routing.models import Pool, PresenceInterval, ShiftChange, Turn, WorkingSpan
from sessions_app.models import (
    Assignment,
    ChatSession,
    Customer,
    DryRun,
    Judgement,
    Message,
    MessageChange,
    MessagePart,
    Ping,
    ReadMark,
    Receipt,
    RoutingAttempt,
)
from tests.factories import (
    make_agent,
    make_bot,
    make_company,
    make_customer,
    make_lease,
    make_link,
    make_member,
    make_message,
    make_project,
    make_session,
    make_user,
)
from tests.support.source import our_apps

# Kept by the framework or about the person who asks: these change whenever somebody signs in.
OF_THE_ASKER = {"sessions.Session", "axes.AccessLog", "axes.AccessAttempt", "admin.LogEntry"}


@dataclass
class Place:
    """One project with all that hangs on it."""

    canary: str
    company: Company
    project: Project
    bot: Bot
    agent: Agent
    customer: Customer
    session: ChatSession
    link: Link
    ping_id: UUID = field(default_factory=uuid4)
    rows: dict[str, Any] = field(default_factory=dict)

    @property
    def ids(self) -> dict[str, Any]:
        """What the parameters of addresses are called, and what leads to this place."""
        return {
            "company_id": self.company.public_id,
            "project_id": self.project.public_id,
            "session_id": self.session.public_id,
            "agent_id": self.agent.public_id,
            "user_id": self.agent.user.public_id,
            "ping_id": self.ping_id,
            "key": f"{self.canary}-key",
            "link_id": self.link.public_id,
            "batch_id": self.link.batch,
            "kind": "svg",
            "code": self.link.code,
        }

    def key(self, label: str) -> Any:
        """The primary key of this place's row of a model, by the model's label."""
        return self.rows[label].pk


def make_place(company: Company, canary: str) -> Place:
    project = make_project(company, f"{canary} desk", remark=f"{canary} remark")
    bot = make_bot(project, username=f"{canary}_bot", name=f"{canary} bot")
    agent = make_agent(project, f"{canary} agent")
    customer = make_customer(project, f"{canary} first", last_name=canary, username=canary)
    session = make_session(project, owner=agent, customer=customer)
    link = make_link(project, name=f"{canary} link", batch=uuid4())
    link.agents.set([agent])
    place = Place(canary, company, project, bot, agent, customer, session, link)
    _fill(place, make_message(session, f"{canary} says"))
    return place


def _fill(place: Place, message: Message) -> None:
    canary, project, bot, agent = place.canary, place.project, place.bot, place.agent
    record_audit(company=place.company, actor=agent.user, verb="seen", target=canary)
    update = InboundUpdate.objects.create(bot=bot, update_id=1, raw=canary.encode(), error=canary)
    call = OutboundCall.objects.create(
        bot=bot, chat_id=1, method="sendMessage", params={"text": canary}, error_text=canary
    )
    attempt = RoutingAttempt.objects.create(
        session=place.session,
        trigger="opened",
        mode="round_robin",
        scope="all",
        outcome="waiting",
        judgement=Judgement.objects.create(
            verdicts=[{"agent": str(agent.public_id), "name": canary, "codes": []}]
        ),
    )
    assignment = Assignment.objects.get(session=place.session)
    Assignment.objects.filter(pk=assignment.pk).update(note=f"{canary} note")
    pool = Pool.objects.get(project=project)
    pool.specified.set([agent])
    key = str(place.ids["key"])
    webhook = Webhook.objects.create(
        bot=bot, key=key, digest=Webhook.digest_of(key), secret=f"{canary}-secret"
    )
    lease = make_lease(agent.user)
    ping = Ping.objects.create(public_id=place.ping_id, user=agent.user, sender=agent.user, pages=1)
    alarm = Alarm.objects.create(
        project=project,
        kind="bot",
        began_at=clock.now(),
        seen_at=clock.now(),
        raised_at=clock.now(),
        told={"en": {"evidence": [f"{canary} evidence"], "fixes": []}},
    )
    mail = AlarmMail.objects.create(alarm=alarm, user=agent.user, about="raised", error=canary)
    rows: list[Model] = [
        *(place.company, project, bot, agent, place.customer, place.session),
        *(
            message,
            update,
            call,
            webhook,
            attempt,
            assignment,
            pool,
            agent.user,
            agent.user.presence,
        ),
        agent.user.memberships.get(),
        place.company.audit.order_by("-pk")[0],
        *(lease, ping, DryRun.objects.create(bot=bot, asked_by=agent.user)),
        Receipt.objects.create(
            ping=ping, connection_id=lease.pk, visible=True, notify="granted", shown=True
        ),
        *(alarm, mail, AlarmRules.objects.create(project=project)),
        PresenceInterval.objects.create(user=agent.user, state="online"),
        Turn.objects.create(pool=pool, agent=agent, number=1),
        WorkingSpan.objects.create(agent=agent, weekday=0, begins="00:00", ends="23:59"),
        place.link,
        Click.objects.create(link=place.link, referrer=canary),
        EarlyStart.objects.create(project=project, ticket=canary, person=1, session=uuid4()),
        ShiftChange.objects.create(agent=agent, at=clock.now()),
        ChatPause.objects.create(bot=bot, chat_id=1, until=clock.now()),
        MessagePart.objects.create(message=message, call=call),
        MessageChange.objects.create(
            message=message, key=uuid4(), verb="edited", text_before=canary
        ),
        ReadMark.objects.create(session=place.session, agent=agent, seen=0),
        Answer.objects.create(
            bot=bot, asked_at=clock.now(), webhook="elsewhere", webhook_host=f"{canary}.example"
        ),
    ]
    place.rows = {row._meta.label: row for row in rows}


@dataclass
class World:
    """`here` is where those who ask work; `beside` is another project of the same company;
    `there` is the other company's."""

    here: Place
    beside: Place
    there: Place
    people: dict[str, User]
    askers: dict[str, Any] = field(default_factory=dict)


def make_world() -> World:
    ours, theirs = make_company("Acme"), make_company("Qzfinch Ltd")
    here = make_place(ours, "Acme")
    people = {role: _member(ours, role) for role in Membership.Role.values}
    people["agent"] = make_agent(here.project, "Alice").user
    people["staff"] = make_user("Stella", is_staff=True, is_superuser=True)
    return World(here, make_place(ours, "Qzwren"), make_place(theirs, "Qzfinch"), people)


def _member(company: Company, role: str) -> User:
    return make_member(company, make_user(role.title()), role).user


def dump() -> dict[str, list[dict[str, Any]]]:
    """Every row there is, but for those that follow from asking."""
    tables = {}
    for model in apps.get_models(include_auto_created=True):
        label = model._meta.label
        if label not in OF_THE_ASKER:
            rows = model._default_manager.order_by("pk").values()
            tables[label] = [_plain(row) for row in rows]
    assert {label.split(".")[0] for label in tables} >= set(our_apps())
    return tables


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    row.pop("last_login", None)
    return {name: bytes(v) if isinstance(v, memoryview) else v for name, v in row.items()}
