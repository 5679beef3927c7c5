"""Every change this app makes. Here: the targets of lower apps' ports (settings.PORTS)."""

from sessions_app.actions.deliveries import outcomes
from sessions_app.actions.origins import click_came
from sessions_app.actions.presence import (
    agents_changed,
    hours_changed,
    presence_changed,
    project_changed,
    rules_changed,
    user_changed,
)

__all__ = [
    "agents_changed",
    "click_came",
    "hours_changed",
    "outcomes",
    "presence_changed",
    "project_changed",
    "rules_changed",
    "user_changed",
]
