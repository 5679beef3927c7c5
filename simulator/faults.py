"""Faults: what goes wrong on the way, for which calls, how often and how long."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import Any

from simulator.jsons import Json

# kind -> whether the call has its effect all the same, unless the fault says otherwise
CALL_FAULTS = {
    "400": False,
    "401": False,
    "403": False,
    "409": False,
    "429": False,
    "500": False,
    "502html": False,
    "empty": True,
    "cut_body": True,
    "cut_before": False,
    "cut_after": True,
    "hang": False,
    "slow": True,
}
UPDATE_FAULTS = {"duplicate_updates", "reorder_updates"}
KINDS = {*CALL_FAULTS, *UPDATE_FAULTS, "refuse"}

ERRORS = {
    "400": "Bad Request: chat not found",
    "401": "Unauthorized",
    "403": "Forbidden: bot was blocked by the user",
    "409": (
        "Conflict: terminated by other getUpdates request; "
        "make sure that only one bot instance is running"
    ),
    "500": "Internal Server Error",
}
DEFAULT_SECONDS = {"hang": 60.0, "slow": 1.0, "refuse": 2.0}


@dataclass
class Fault:
    """Strikes calls that fit `bot`, `method`, `chat` (None: any), once `after` have passed.

    `count` strikes are left (None: no end), each with `probability`; over at `until`.
    """

    id: int
    kind: str
    bot: int | None = None
    method: str | None = None
    chat: int | None = None
    count: int | None = None
    probability: float = 1.0
    after: int = 0
    until: float | None = None
    seconds: float = 1.0
    retry_after: int = 1
    description: str | None = None
    applied: bool | None = None
    struck: int = 0

    @property
    def applies(self) -> bool:
        return CALL_FAULTS.get(self.kind, True) if self.applied is None else self.applied

    def fits(self, bot: int | None, method: str, chat: str) -> bool:
        return (
            (self.bot is None or self.bot == bot)
            and (self.method is None or self.method.lower() == method.lower())
            and (self.chat is None or str(self.chat) == chat)
            and (self.until is None or time.time() < self.until)
            and self.count != 0
        )

    def strike(self) -> bool:
        """Whether it strikes this fitting call; counts either way."""
        if self.after > 0:
            self.after -= 1
            return False
        if random.random() >= self.probability:
            return False
        self.struck += 1
        if self.count is not None:
            self.count -= 1
        return True

    def as_json(self) -> Json:
        return dict(self.__dict__)


@dataclass
class Faults:
    """The faults that are set; the first that strikes a call is the one it gets."""

    all: dict[int, Fault] = field(default_factory=dict)
    next_id: int = 1

    def add(self, kind: str, **fields: Any) -> Fault:
        fault = Fault(self.next_id, kind, **fields)
        self.all[fault.id] = fault
        self.next_id += 1
        return fault

    def for_call(self, bot: int | None, method: str, chat: str) -> Fault | None:
        return next(
            (
                fault
                for fault in self.all.values()
                if fault.kind in CALL_FAULTS and fault.fits(bot, method, chat) and fault.strike()
            ),
            None,
        )

    def for_updates(self, kind: str, bot: int) -> bool:
        """Whether a fault of that kind strikes an answer of getUpdates that holds updates."""
        return any(
            fault.kind == kind and fault.fits(bot, "getUpdates", "") and fault.strike()
            for fault in self.all.values()
        )
