"""What bots tells the apps above it."""

from typing import Protocol

from bots.models import OutboundCall
from core.ports import port


class Outcomes(Protocol):
    """Calls have become sent, failed or uncertain. Called inside the change."""

    def __call__(self, calls: list[OutboundCall]) -> None: ...


class BotChanged(Protocol):
    """The bot of a project, or its state, changed. Called inside the change."""

    def __call__(self, project_id: int) -> None: ...


def outcomes(calls: list[OutboundCall]) -> None:
    target: Outcomes = port("bots.outcomes")
    target(calls)


def bot_changed(project_id: int) -> None:
    target: BotChanged = port("bots.bot_changed")
    target(project_id)
