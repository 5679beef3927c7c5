"""What the agents' page asks for by HTTP: rows, together with the feed's head.

Everything comes from one snapshot of the database, so an answer is the state at its `head`. The
number of queries is bounded, however many sessions there are.
"""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from accounts.models import User
from bots.models import Bot
from core import clock, tx
from live.events import moment
from live.queries import head
from projects.models import Agent
from projects.queries import managed_projects, projects_of
from routing.queries import presence
from sessions_app import events
from sessions_app.errors import not_found
from sessions_app.models import ChatSession, Message, ReadMark, RoutingAttempt
from sessions_app.models.sessions import ChatSessionQuerySet
from sessions_app.queries.access import Viewer, access_session, access_viewer
from sessions_app.queries.build import build
from sessions_app.queries.team import presence_rows, project_row

Json = dict[str, Any]
State = ChatSession.State

UNASSIGNED = 50
COMPLETED = 30
PAGE = 50
MESSAGES = 50
PAST_SESSIONS = 20
COUNTED = 10_000

STATES = {"unassigned": State.UNASSIGNED, "all": State.ASSIGNED, "completed": State.COMPLETED}
# `number` ends each order, because a page can compare no keys.
ORDERS = {
    "unassigned": ("queued_at", "number"),
    "all": ("-number",),
    "completed": ("-completed_at", "-number"),
}


# ---------------------------------------------------------------- the person


def boot(user: User) -> Json:
    """Who one is and which projects one works in."""
    with tx.snapshot():
        return {
            "build": build(),
            "me": {
                "id": str(user.public_id),
                "name": user.name,
                "email": user.email,
                "stream": str(user.public_id),
                "head": head(user.public_id),
            },
            "status": presence([user.pk])[user.pk].status,
            "beat_s": settings.BEAT_SECONDS,
            "projects": _projects(user),
        }


def _projects(user: User) -> list[Json]:
    """Where one is an agent or a manager; support staff have no sessions to see."""
    managed = {project.pk for project in managed_projects(user)}
    mine = Agent.objects.filter(user=user, is_enabled=True).on_team()
    agents = {agent.project_id: str(agent.public_id) for agent in mine}
    projects = [row for row in projects_of(user) if row.pk in managed or row.pk in agents]
    bots = Bot.objects.filter(project__in=projects).defer("token")
    by_project = {bot.project_id: bot for bot in bots}
    return [
        {
            "id": str(project.public_id),
            "name": project.name,
            "state": project.state,
            "managing": project.pk in managed,
            "agent": agents.get(project.pk),
            "bot": _bot(by_project.get(project.pk)),
        }
        for project in projects
    ]


def _bot(bot: Bot | None) -> Json | None:
    return {"username": bot.username, "state": bot.state} if bot else None


# ---------------------------------------------------------------- a project


def snapshot(user: User, project_id: UUID) -> Json:
    """The project as this person sees it. Raises Refusal `not_found`."""
    with tx.snapshot():
        viewer = access_viewer(user, project_id)
        completed = list(_tab(viewer, "completed").for_page()[:COMPLETED])
        return {
            "head": head(project_id),
            "project": project_row(viewer.project),
            "me": _me(viewer),
            "presence": presence_rows(viewer.project),
            "counts": _counts(viewer),
            "mine": _rows(_mine(viewer)),
            "unassigned": _rows(_tab(viewer, "unassigned")[:UNASSIGNED]),
            "completed": [events.session_payload(session) for session in completed],
            "reads": _reads(viewer, completed),
        }


def _me(viewer: Viewer) -> Json:
    return {
        "agent": str(viewer.agent.public_id) if viewer.agent else None,
        "managing": viewer.is_managing,
        "rights": viewer.rights(),
    }


def _rows(sessions: ChatSessionQuerySet) -> list[Json]:
    return [events.session_payload(session) for session in sessions.for_page()]


def _tab(viewer: Viewer, tab: str) -> ChatSessionQuerySet:
    return viewer.sessions_in(STATES[tab]).order_by(*ORDERS[tab])


def _mine(viewer: Viewer) -> ChatSessionQuerySet:
    mine = Q(state=State.ASSIGNED, owner=viewer.agent)
    return viewer.sessions().filter(mine).order_by("number")


def _counts(viewer: Viewer) -> Json:
    """Out of the index over each state; of the completed, which grow for ever, no more than so many."""
    assigned = viewer.sessions_in(State.ASSIGNED)
    completed = viewer.sessions_in(State.COMPLETED).values("project")[:COUNTED]
    return {
        "mine": assigned.filter(owner=viewer.agent).count(),
        "unassigned": viewer.sessions_in(State.UNASSIGNED).count(),
        "assigned": assigned.count(),
        "completed": completed.count(),
    }


def _reads(viewer: Viewer, completed: list[ChatSession]) -> dict[str, int]:
    """One's marks on every open session, seen now or not, and on the completed ones listed."""
    relevant = ~Q(session__state=State.COMPLETED) | Q(session__in=completed)
    marks = ReadMark.objects.filter(relevant, agent=viewer.agent, seen__gt=0)
    rows = marks.filter(session__project=viewer.project).order_by("pk")
    return {str(key): seen for key, seen in rows.values_list("session__public_id", "seen")}


def session_page(user: User, project_id: UUID, *, tab: str, after: UUID | None = None) -> Json:
    """The next sessions of a list after one that is known. Raises Refusal `not_found`."""
    with tx.snapshot():
        viewer = access_viewer(user, project_id)
        sessions = _tab(viewer, tab)
        if after:
            anchor = viewer.sessions().filter(public_id=after).first()
            if anchor is None:
                raise not_found()
            sessions = sessions.filter(_following(anchor, tab))
        return {"head": head(project_id), "sessions": _rows(sessions[:PAGE])}


def _following(anchor: ChatSession, tab: str) -> Q:
    """What comes after the anchor in the list's order, though it may have left the list."""
    if tab == "unassigned":
        same = Q(queued_at=anchor.queued_at, number__gt=anchor.number)
        return Q(queued_at__gt=anchor.queued_at) | same
    if tab == "all":
        return Q(number__lt=anchor.number)
    at = anchor.completed_at or clock.now()
    return Q(completed_at__lt=at) | Q(completed_at=at, number__lt=anchor.number)


# ---------------------------------------------------------------- a session


def session_detail(user: User, session_id: UUID, *, before: int | None = None) -> Json:
    """A session with the last messages before a number. Raises Refusal `not_found`."""
    with tx.snapshot():
        viewer, session = access_session(user, session_id)
        messages = _messages(session, before)
        return {
            "head": head(viewer.project.public_id),
            "session": events.session_payload(session),
            "customer": _customer(viewer, session),
            "messages": [events.message_payload(row) for row in reversed(messages[:MESSAGES])],
            "more": len(messages) > MESSAGES,
            "why": _why(session),
            "visit": _visit(viewer, session),
        }


def _messages(session: ChatSession, before: int | None) -> list[Message]:
    """One more than are shown, the newest first."""
    rows = Message.objects.filter(session=session).select_related("author__user")
    if before is not None:
        rows = rows.filter(number__lt=before)
    messages = list(rows.order_by("-number")[: MESSAGES + 1])
    for message in messages:
        message.session = session
    return messages


def _customer(viewer: Viewer, session: ChatSession) -> Json:
    past = viewer.sessions().filter(customer=session.customer).select_related("owner__user")
    return events.customer_payload(session.customer) | {
        "first_seen_at": moment(session.customer.first_seen_at),
        "sessions": [_past(row) for row in past.order_by("-number")[:PAST_SESSIONS]],
    }


def _visit(viewer: Viewer, session: ChatSession) -> Json | None:
    """How the customer opened the link that brought him: to agents what its address said, to
    managers who he was, too. `at` is None if it was somebody else who had opened it
    (docs/redirects.md)."""
    click = session.click
    if click is None:
        return {"at": None, "params": []} if session.link else None
    said = [[f"utm_{name}", value] for name, value in click.utm.items()] + click.params
    visit: Json = {"at": moment(click.at), "params": said}
    if viewer.is_managing:
        read = " · ".join(filter(None, [click.browser, click.system, click.device]))
        visit |= {"ip": click.ip, "country": click.country, "referrer": click.referrer}
        visit["browser"] = read or click.user_agent
    return visit


def _past(session: ChatSession) -> Json:
    return {
        "id": str(session.public_id),
        "number": session.number,
        "opened_at": moment(session.opened_at),
        "completed_at": moment(session.completed_at),
        "owner": events.person(session.owner) if session.owner else None,
    }


def _why(session: ChatSession) -> Json | None:
    attempts = RoutingAttempt.objects.filter(session=session)
    latest = attempts.select_related("agent__user", "judgement").order_by("-pk").first()
    return events.why_payload(latest) if latest else None


def session_now(user: User, session_id: UUID, *, message_id: UUID | None = None) -> Json:
    """What an action answers: the session, null if it has left one's sight, and the message."""
    with tx.snapshot():
        session = ChatSession.objects.for_page().get(public_id=session_id)
        viewer = access_viewer(user, session.project.public_id)
        answer: Json = {
            "head": head(session.project.public_id),
            "session": events.session_payload(session) if viewer.sees(session) else None,
        }
        if message_id:
            messages = Message.objects.filter(session=session).select_related("author__user")
            message = messages.get(public_id=message_id)
            message.session = session
            answer["message"] = events.message_payload(message)
        return answer
