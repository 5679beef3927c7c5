"""How routing tells that somebody's standing has changed. Called inside the change that did it."""

from typing import Protocol

from core.ports import port


class PresenceChanged(Protocol):
    def __call__(self, user_id: int) -> None:
        """The person's computed presence is another than before."""


class HoursChanged(Protocol):
    def __call__(self, agent_ids: list[int]) -> None:
        """These agents' working hours are others, or have just begun or ended."""


class RulesChanged(Protocol):
    def __call__(self, project_id: int) -> None:
        """The project's mode, scope, list or options were changed."""


def presence_changed(user_id: int) -> None:
    wired: PresenceChanged = port("routing.presence_changed")
    wired(user_id)


def hours_changed(agent_ids: list[int]) -> None:
    wired: HoursChanged = port("routing.hours_changed")
    wired(agent_ids)


def rules_changed(project_id: int) -> None:
    wired: RulesChanged = port("routing.rules_changed")
    wired(project_id)
