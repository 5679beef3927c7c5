"""What redirects tells the apps above it."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from core.ports import port
from redirects.models import Origin


class ClickCame(Protocol):
    """The clicks of STARTs that were earlier than they: by the public ids of their sessions,
    or of customers without one. Called inside the change."""

    def __call__(self, origins: Sequence[tuple[UUID, Origin]]) -> None: ...


def click_came(origins: Sequence[tuple[UUID, Origin]]) -> None:
    target: ClickCame = port("redirects.click_came")
    target(origins)
