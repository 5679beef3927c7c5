"""The form of the routing rules in the console, filled in and sent as its page does."""

import re
from typing import Any

from django.test import Client

from projects.models import Agent, Project

RULES = {
    "mode": "round_robin",
    "scope": "all",
    "ties": "least_recent",
    "returning": "fresh",
    "vanished": "release",
    "hidden_pages_receive": "on",
    "too_old_days": "7",
    "answer_within_min": "",
}
HIDDEN = r'<input type="hidden" name="(version|shown-[^"]+)"(?: value="([^"]*)")?'


def address(project: Project) -> str:
    return f"/console/projects/{project.public_id}/rules/"


def hidden(page: Any) -> dict[str, list[str]]:
    """What the page has shown, as its form sends it back."""
    sent: dict[str, list[str]] = {}
    for name, value in re.findall(HIDDEN, page.content.decode()):
        sent.setdefault(name, []).append(value)
    return sent


def press(client: Client, project: Project, button: str, *, page: Any = None, **sent: Any) -> Any:
    """Fill in the form of the page as it is, or of `page`, seen before, and press a button; a field
    that is None is left out."""
    shown = hidden(page or client.get(address(project)))
    given = {name: value for name, value in (shown | RULES | sent).items() if value is not None}
    return client.post(address(project), given | {"do": button})


def specify(*agents: Agent) -> dict[str, str | list[str]]:
    return {"scope": "specified", "specified": [str(agent.public_id) for agent in agents]}


def text_of(page: Any) -> str:
    """What is read on the page, in one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))
