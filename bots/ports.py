"""How the sender of a call learns what became of it."""

from typing import Protocol, cast

from bots.models import OutboundCall
from core.ports import port


class Outcomes(Protocol):
    def __call__(self, calls: list[OutboundCall]) -> None:
        """The calls have just become sent, failed or uncertain, in this change."""


def outcomes(calls: list[OutboundCall]) -> None:
    cast(Outcomes, port("bots.outcomes"))(calls)
