"""Every call of every bot, in order: the oracle of what was accepted, answered, and when."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from simulator.hub import Pulse
from simulator.jsons import Json


@dataclass
class Entry:
    """`applied`: the call had its effect, whatever became of the answer. `at` is when it had."""

    bot: int | None
    method: str
    params: Json = field(default_factory=dict)
    started_at: float = field(default_factory=time.time)
    seq: int = 0
    at: float = 0.0
    monotonic: float = 0.0
    applied: bool = False
    answer: Json = field(default_factory=dict)
    fault: str | None = None
    message_id: int | None = None
    message_ids: list[int] | None = None
    updates: list[int] | None = None

    @property
    def chat(self) -> str:
        return str(self.params.get("chat_id", ""))

    @property
    def text(self) -> str:
        return str(self.params.get("text", self.params.get("caption", "")))

    def as_json(self) -> Json:
        return dict(self.__dict__)


Matcher = Callable[[Entry], bool]


class Journal:
    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.changed = Pulse()

    def record(self, entry: Entry) -> None:
        entry.seq = len(self.entries) + 1
        entry.at = time.time()
        entry.monotonic = time.monotonic()
        self.entries.append(entry)
        self.changed.beat()

    def since(self, seq: int, matches: Matcher) -> list[Entry]:
        """Entries after `seq` that match, oldest first."""
        return [entry for entry in self.entries[max(seq, 0) :] if matches(entry)]

    async def wait_for(
        self, matches: Matcher, *, count: int, since: int, seconds: float
    ) -> list[Entry] | None:
        """The first `count` that match after `since`, as soon as there are so many; else None."""
        deadline = time.monotonic() + seconds
        found: list[Entry] = []
        seen = max(since, 0)
        while True:
            found += self.since(seen, matches)
            seen = len(self.entries)
            if len(found) >= count:
                return found[:count]
            left = deadline - time.monotonic()
            if left <= 0 or not await self.changed.wait(left):
                return None
