"""How a project does at this moment: one page, and the part of it that renews itself."""

from collections import Counter
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest
from core.pages import page
from projects.models import Project
from projects.queries import access_managed_project
from sessions_app.console import health, words
from sessions_app.console.shell import show
from sessions_app.queries import console
from sessions_app.queries.console import Today

Row = dict[str, Any]


@page
def today(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    project = access_managed_project(request.user, project_id)
    return show(request, "today.html", company=project.company, project=project, **_now(project))


@page
def now(request: SignedInRequest, project_id: UUID) -> HttpResponse:
    """What the page fetches again and again: the same, without what stands around it."""
    project = access_managed_project(request.user, project_id)
    return render(request, "console/now.html", {"project": project, **_now(project)})


def _now(project: Project) -> Row:
    here, zone = console.today(project), ZoneInfo(project.time_zone)
    stuck = words.stuck_reason(here.agents, here.code, here.now, zone) if here.is_stuck else ""
    return {
        "today": here,
        "bot_health": health.of_bot(here.bot, here.health, here.now),
        "stuck": stuck,
        "agents": [_agent(row, here.now, zone) for row in here.agents],
        "unable": _unable(here.agents),
        "waiting": [_waiting(one, here.now, zone, stuck) for one in here.waiting],
        "more_waiting": here.waiting_count - len(here.waiting),
        "steps": _steps(here),
    }


def _agent(row: Row, now: datetime, zone: ZoneInfo) -> Row:
    """`state` and its look; `load`: open sessions, with the limit if there is one."""
    return row | {
        "state_words": words.reasons(row["codes"], now, zone) or _("can receive"),
        "look": words.look(row["codes"]),
        "load": f"{row['open']} / {row['limit']}" if row["limit"] else str(row["open"]),
    }


def _unable(agents: list[Row]) -> str:
    """How many cannot receive, by the first reason of each: "1 at limit · 2 offline"."""
    counts = Counter(words.kind(row["codes"][0]) for row in agents if row["codes"])
    return " · ".join(f"{count} {kind}" for kind, count in counts.most_common())


def _waiting(one: console.Waiting, now: datetime, zone: ZoneInfo, said: str) -> Row:
    """Without its reason if the alarm above has said the same."""
    why = words.wait_reason(one.attempt, now, zone)
    return {"session": one.session, "why": "" if why == said else why}


def _steps(here: Today) -> list[Row]:
    """What a new project still needs, in order; empty once its first customer has written."""
    if here.has_sessions and here.bot and here.agents:
        return []
    return [
        {"name": "project", "is_done": True},
        {"name": "bot", "is_done": here.bot is not None},
        {"name": "team", "is_done": bool(here.agents)},
        {"name": "message", "is_done": here.has_sessions, "link": _link_to(here)},
    ]


def _link_to(here: Today) -> str:
    return f"{settings.TELEGRAM_LINK_BASE}/{here.bot.username}" if here.bot else ""
