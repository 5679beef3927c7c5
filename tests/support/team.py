"""A team at work: pages that open and close, lines that are routed."""

import uuid
from collections.abc import Sequence
from datetime import time
from zoneinfo import ZoneInfo

from core import clock
from live.models import Event
from projects.models import Agent, Project
from routing.actions import open_lease, set_hours, set_status, sweep_leases
from routing.hours import Span
from routing.models import Lease
from sessions_app.actions.routing import route_project
from sessions_app.models import ChatSession, RoutingAttempt


def come_online(*agents: Agent, visible: bool = True) -> None:
    """Each opens a session page."""
    for agent in agents:
        open_lease(user_id=agent.user_id, connection_id=uuid.uuid4(), state={"visible": visible})


def vanish(*agents: Agent) -> None:
    """Their leases have run out, and the sweep has seen it."""
    for agent in agents:
        Lease.objects.filter(user=agent.user_id).update(expires_at=clock.now())
    sweep_leases()


def go_away(*agents: Agent) -> None:
    for agent in agents:
        set_status(user_id=agent.user_id, status="away")


def off_hours(*agents: Agent) -> None:
    """They work tomorrow only, as the project's clock has it."""
    for agent in agents:
        there = clock.now().astimezone(ZoneInfo(agent.project.time_zone))
        tomorrow = Span((there.weekday() + 1) % 7, time(12), time(13))
        set_hours(agent=agent, spans=[tomorrow], actor=None)


def route(project: Project, trigger: str = "opened") -> int:
    return route_project(project_id=project.pk, trigger=trigger)


def owners(sessions: Sequence[ChatSession]) -> list[str | None]:
    """Who has them now, by name."""
    rows = ChatSession.objects.select_related("owner__user").in_bulk([one.pk for one in sessions])
    found = [rows[session.pk].owner for session in sessions]
    return [owner.user.name if owner else None for owner in found]


def why(session: ChatSession) -> dict[str, list[str]]:
    """The latest attempt's codes by the agent's name."""
    attempt = RoutingAttempt.objects.filter(session=session).order_by("-pk")[0]
    return {
        verdict["name"]: [failure["code"] for failure in verdict["codes"]]
        for verdict in attempt.verdicts
    }


def told(project: Project, kind: str) -> list[Event]:
    """The project's events of a kind, oldest first."""
    events = Event.objects.filter(stream=project.public_id, kind=kind)
    return list(events.order_by("number"))
