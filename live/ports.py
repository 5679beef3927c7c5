"""What the feed asks of the app that knows what a stream stands for."""

from typing import Protocol
from uuid import UUID

from core.ports import port


class Access(Protocol):
    def __call__(self, user_id: int, stream: UUID) -> frozenset[str] | None:
        """The viewer's tags on `stream` at this moment; None: not his to see."""


def access(user_id: int, stream: UUID) -> frozenset[str] | None:
    wired: Access = port("live.access")
    return wired(user_id, stream)
