"""What projects tells the apps above it."""

from typing import Protocol

from core.ports import port


class AgentsChanged(Protocol):
    """Agents were added, changed, moved or removed. Called inside the change."""

    def __call__(self, agent_ids: list[int]) -> None: ...


class ProjectChanged(Protocol):
    """The name, state or settings of a project changed. Called inside the change."""

    def __call__(self, project_id: int) -> None: ...


def agents_changed(agent_ids: list[int]) -> None:
    target: AgentsChanged = port("projects.agents_changed")
    target(agent_ids)


def project_changed(project_id: int) -> None:
    target: ProjectChanged = port("projects.project_changed")
    target(project_id)
