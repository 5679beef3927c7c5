"""Every address there is, and to whom it opens. A route that is not declared here fails a test."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.urls import URLPattern, get_resolver

STAFF = frozenset({"staff"})
MANAGING = frozenset({"owner", "manager"})
TEAM = MANAGING | {"agent"}
SIGNED_IN = TEAM | STAFF | {"support"}
ANYBODY = SIGNED_IN | {"anonymous"}
NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Route:
    """`who` gets in with ids of the own project; `method` is what it is made for."""

    who: frozenset[str]
    method: str = "GET"


PAGES = {
    "": Route(SIGNED_IN),
    "sign-in/": Route(ANYBODY),
    "sign-out/": Route(ANYBODY, "POST"),
    "language/": Route(ANYBODY, "POST"),
    "password/": Route(SIGNED_IN),
    "password/changed/": Route(SIGNED_IN),
    "welcome/<uuid:user_id>/<str:token>/": Route(NOBODY),  # no token is the right one
    "telegram/<str:key>/": Route(NOBODY, "POST"),  # Telegram alone knows the secret
    "app/i18n.js": Route(ANYBODY),
    "<code:code>": Route(ANYBODY),
    "app/notices.js": Route(ANYBODY),
    "healthz": Route(ANYBODY),
    "readyz": Route(ANYBODY),
    "metrics": Route(NOBODY),  # for those who watch, by a token of their own
    "help/": Route(ANYBODY),
    "help/troubleshooting/": Route(ANYBODY),
    "help/checks/": Route(ANYBODY),
    "help/rules/": Route(ANYBODY),
    "help/questions/": Route(ANYBODY),
    "app/": Route(SIGNED_IN),
    "app/api/boot": Route(SIGNED_IN),
    "app/api/presence": Route(SIGNED_IN, "POST"),
    "app/api/pings": Route(SIGNED_IN, "POST"),
    "app/api/pings/<uuid:ping_id>/receipt": Route(NOBODY, "POST"),  # from whom was asked alone
    "app/api/projects/<uuid:project_id>/snapshot": Route(TEAM),
    "app/api/projects/<uuid:project_id>/sessions": Route(TEAM),
    "app/api/sessions/<uuid:session_id>": Route(MANAGING),  # the session is another agent's
    "app/api/sessions/<uuid:session_id>/reply": Route(MANAGING, "POST"),
    "app/api/sessions/<uuid:session_id>/claim": Route(MANAGING, "POST"),
    "app/api/sessions/<uuid:session_id>/transfer": Route(MANAGING, "POST"),
    "app/api/sessions/<uuid:session_id>/complete": Route(MANAGING, "POST"),
    "app/api/sessions/<uuid:session_id>/reopen": Route(MANAGING, "POST"),
    "app/api/sessions/<uuid:session_id>/read": Route(MANAGING, "POST"),
    "app/api/sessions/<uuid:session_id>/resend": Route(MANAGING, "POST"),
    "app/api/sessions/<uuid:session_id>/confirm": Route(MANAGING, "POST"),
    "app/api/sessions/<uuid:session_id>/edit": Route(MANAGING, "POST"),
    "app/api/sessions/<uuid:session_id>/recall": Route(MANAGING, "POST"),
    "console/": Route(SIGNED_IN),  # whoever has none is led to where they work
    "console/companies/<uuid:company_id>/": Route(MANAGING),
    "console/companies/<uuid:company_id>/new/": Route(MANAGING),
    "console/projects/<uuid:project_id>/": Route(MANAGING),
    "console/projects/<uuid:project_id>/now/": Route(MANAGING),
    "console/projects/<uuid:project_id>/rules/": Route(MANAGING),
    "console/projects/<uuid:project_id>/rules/now/": Route(MANAGING),
    "console/projects/<uuid:project_id>/team/": Route(MANAGING),
    "console/projects/<uuid:project_id>/coverage/": Route(MANAGING),
    "console/projects/<uuid:project_id>/coverage/now/": Route(MANAGING),
    "console/projects/<uuid:project_id>/team/order/": Route(MANAGING, "POST"),
    "console/agents/<uuid:agent_id>/": Route(MANAGING),
    "console/agents/<uuid:agent_id>/hours/": Route(MANAGING, "POST"),
    "console/agents/<uuid:agent_id>/link/": Route(MANAGING, "POST"),
    "console/agents/<uuid:agent_id>/remove/": Route(MANAGING),
    "console/projects/<uuid:project_id>/bot/": Route(MANAGING),
    "console/projects/<uuid:project_id>/bot/now/": Route(MANAGING),
    "console/projects/<uuid:project_id>/bot/mode/": Route(MANAGING, "POST"),
    "console/projects/<uuid:project_id>/bot/check/": Route(MANAGING, "POST"),
    "console/doctor/": Route(SIGNED_IN),  # as the console
    "console/projects/<uuid:project_id>/doctor/": Route(MANAGING),
    "console/projects/<uuid:project_id>/doctor/now/": Route(MANAGING),
    "console/projects/<uuid:project_id>/doctor/ask/": Route(MANAGING, "POST"),
    "console/projects/<uuid:project_id>/links/": Route(MANAGING),
    "console/projects/<uuid:project_id>/links/new/": Route(MANAGING),
    "console/projects/<uuid:project_id>/links.csv": Route(MANAGING),
    "console/projects/<uuid:project_id>/links/many/": Route(MANAGING),
    "console/projects/<uuid:project_id>/links/many/<uuid:batch_id>/": Route(MANAGING),
    "console/projects/<uuid:project_id>/links/ledger/": Route(MANAGING),
    "console/projects/<uuid:project_id>/links/ledger.csv": Route(MANAGING),
    "console/links/<uuid:link_id>/": Route(MANAGING),
    "console/links/<uuid:link_id>/qr.<str:kind>": Route(MANAGING),
    "console/projects/<uuid:project_id>/links/check/": Route(MANAGING, "POST"),
    "console/links/<uuid:link_id>/check/": Route(MANAGING, "POST"),
    "console/links/<uuid:link_id>/archive/": Route(MANAGING, "POST"),
    "console/projects/<uuid:project_id>/doctor/ping/": Route(MANAGING, "POST"),
    "console/projects/<uuid:project_id>/doctor/dry-run/": Route(MANAGING, "POST"),
    "console/projects/<uuid:project_id>/alarms/": Route(MANAGING),
    "console/projects/<uuid:project_id>/alarms/now/": Route(MANAGING),
    "console/projects/<uuid:project_id>/alarms/bar/": Route(MANAGING),
    "console/projects/<uuid:project_id>/alarms/mute/": Route(MANAGING, "POST"),
    "console/projects/<uuid:project_id>/alarms/try/": Route(MANAGING, "POST"),
    "console/projects/<uuid:project_id>/settings/": Route(MANAGING),
    "console/projects/<uuid:project_id>/pause/": Route(MANAGING, "POST"),
    "console/projects/<uuid:project_id>/resume/": Route(MANAGING, "POST"),
    # the last: nothing opens its session afterwards
    "app/api/sessions/<uuid:session_id>/erase": Route(MANAGING, "POST"),
}

ENTERING = MANAGING | STAFF
SITE = {
    "admin/": Route(ENTERING),
    "admin/search/": Route(ENTERING),
    "admin/login/": Route(NOBODY),  # there is one sign-in for all
    "admin/logout/": Route(ANYBODY, "POST"),
    "admin/password_change/": Route(ENTERING),
    "admin/password_change/done/": Route(ENTERING),
    "admin/autocomplete/": Route(NOBODY),  # 404 without the name of a field
    "admin/jsi18n/": Route(ENTERING),
    "admin/r/<path:content_type_id>/<path:object_id>/": Route(NOBODY),  # nothing to see there
    "admin/(?P<url>.*)$": Route(NOBODY),
}

# Every model of the admin, and who sees its rows.
MODELS = {
    "accounts.AuditEntry": ENTERING,
    "accounts.Company": ENTERING,
    "accounts.Membership": ENTERING,
    "accounts.User": ENTERING,
    "bots.Bot": ENTERING,
    "bots.ChatPause": ENTERING,
    "bots.InboundUpdate": ENTERING,
    "bots.OutboundCall": ENTERING,
    "core.Tick": STAFF,
    "insights.Alarm": ENTERING,
    "insights.AlarmMail": ENTERING,
    "insights.AlarmRules": ENTERING,
    "insights.Answer": ENTERING,
    "projects.Agent": ENTERING,
    "projects.Project": ENTERING,
    "redirects.Click": ENTERING,
    "redirects.EarlyStart": ENTERING,
    "redirects.Link": ENTERING,
    "routing.Lease": ENTERING,
    "routing.Pool": ENTERING,
    "routing.Presence": ENTERING,
    "routing.PresenceInterval": ENTERING,
    "routing.ShiftChange": ENTERING,
    "routing.Turn": ENTERING,
    "routing.WorkingSpan": ENTERING,
    "sessions_app.Assignment": ENTERING,
    "sessions_app.ChatSession": ENTERING,
    "sessions_app.Customer": ENTERING,
    "sessions_app.Message": ENTERING,
    "sessions_app.MessageChange": ENTERING,
    "sessions_app.MessagePart": ENTERING,
    "sessions_app.ReadMark": ENTERING,
    "sessions_app.RoutingAttempt": ENTERING,
    "axes.AccessAttempt": STAFF,
    "auth.Group": STAFF,
}


def folder(label: str) -> str:
    return f"admin/{label.lower().replace('.', '/')}/"


def _of_model(label: str) -> dict[str, Route]:
    who = MODELS[label]
    return {
        folder(label): Route(who),
        f"{folder(label)}<path:object_id>/": Route(who),
        f"{folder(label)}<path:object_id>/change/": Route(who),
        f"{folder(label)}<path:object_id>/history/": Route(who),
        f"{folder(label)}<path:object_id>/delete/": Route(NOBODY),
        f"{folder(label)}add/": Route(ADDED_BY.get(label, NOBODY)),
    }


# By whom rows are made in the admin.
ADDED_BY = {
    "accounts.Company": STAFF,
    "accounts.Membership": ENTERING,
    "accounts.User": STAFF,
    "bots.Bot": ENTERING,
    "projects.Agent": ENTERING,
    "projects.Project": ENTERING,
    "redirects.Link": ENTERING,
}
OF_MODELS = {path: route for label in MODELS for path, route in _of_model(label).items()}
TABLE = PAGES | SITE | OF_MODELS


def routes() -> Iterator[str]:
    """Every route, as it is written; the admin's page of an app under its own name."""
    yield from _walk(get_resolver().url_patterns, "")


def _walk(patterns: Any, before: str) -> Iterator[str]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if not isinstance(pattern, URLPattern):
            yield from _walk(pattern.url_patterns, route)
        elif "app_label" not in route:
            yield route


def apps_of_the_admin() -> set[str]:
    return {model._meta.app_label for model in admin.site._registry}


def takes_ids(route: str) -> bool:
    """Of rows that belong to somebody; a link's public address is everybody's."""
    return "<" in route and "url" not in route and route != "<code:code>"


def path_of(route: str, ids: Mapping[str, Any]) -> str:
    """The address with these ids in it. A parameter nobody knows is a KeyError."""
    if route.startswith("admin/(?P<url>"):
        return "/admin/nothing-here/"
    return "/" + re.sub(r"<\w+:(\w+)>", lambda found: str(ids[found[1]]), route)


def label_of(route: str) -> str | None:
    """The model whose page it is in the admin."""
    return next((label for label in MODELS if route.startswith(folder(label))), None)
