"""The queue of updates of one bot: numbered, handed out, confirmed, as the real server keeps them.

Source: tdlib/telegram-bot-api (`Client::do_get_updates`) and tdlib's TQueue: an offset confirms all
that is below it; one in the future or the past confirms nothing; what is older than 24 h is gone.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from simulator.errors import ApiError, conflict
from simulator.hub import Pulse
from simulator.jsons import Json

RETENTION = 24 * 3600.0
CALLBACK_RETENTION = 150.0

TERMINATED = (
    "terminated by other getUpdates request; make sure that only one bot instance is running"
)
TERMINATED_BY_WEBHOOK = "terminated by setWebhook request"


class State(StrEnum):
    QUEUED = "queued"
    HANDED_OUT = "handed_out"
    CONFIRMED = "confirmed"
    EXPIRED = "expired"


@dataclass
class Update:
    """`body` is the JSON text as it goes out: a raw one may hold what no dictionary can."""

    update_id: int
    kind: str
    body: str
    chat: int | None = None
    message_id: int | None = None
    date: float = field(default_factory=time.time)
    state: State = State.QUEUED
    queued_at: float = field(default_factory=time.time)
    handed_out_at: float | None = None
    confirmed_at: float | None = None
    times_handed_out: int = 0

    @property
    def expires_at(self) -> float:
        kept = CALLBACK_RETENTION if self.kind == "callback_query" else RETENTION
        return self.date + kept

    def as_json(self) -> Json:
        return {
            "update_id": self.update_id,
            "kind": self.kind,
            "chat": self.chat,
            "message_id": self.message_id,
            "state": self.state.value,
            "queued_at": self.queued_at,
            "handed_out_at": self.handed_out_at,
            "confirmed_at": self.confirmed_at,
            "times_handed_out": self.times_handed_out,
        }


class Poller:
    """One getUpdates call while it waits; `ended` is set when something else takes its place."""

    def __init__(self) -> None:
        self.woken = Pulse()
        self.ended: ApiError | None = None

    def end(self, reason: str) -> None:
        self.ended = conflict(reason)
        self.woken.beat()


class UpdateQueue:
    """`waiting` holds what is not confirmed, oldest first; `history` everything, for the oracle."""

    def __init__(self, next_id: int | None = None) -> None:
        self.next_id = next_id or random.randrange(1, 900_000_000)
        self.waiting: dict[int, Update] = {}
        self.history: dict[int, Update] = {}
        self.strays: list[Update] = []
        self.changed = Pulse()
        self.poller: Poller | None = None
        self._last_offset: int | None = None
        self._last_poll_at = 0.0

    def add(self, update: Update) -> None:
        """Queues it under its own id; one below the newest goes out once, whatever the offset."""
        if update.update_id < self.next_id:
            self.strays.append(update)
            self.history.setdefault(update.update_id, update)
        else:
            self.next_id = update.update_id + 1
            self.waiting[update.update_id] = self.history[update.update_id] = update
        self._wake()

    def redeliver(self, update: Update) -> None:
        """Hands it out once more though it was confirmed, as after a lost confirmation."""
        self.strays.append(update)
        self._wake()

    def restart_ids(self, next_id: int) -> None:
        """Numbers go on from `next_id`, as after a week of silence: by then nothing waits."""
        self.drop_all()
        self.next_id = next_id
        self.history = {}

    def confirm_below(self, offset: int) -> None:
        """Confirms by the offset of getUpdates; a negative one keeps only the newest `-offset`."""
        if offset < 0:
            offset = max(self.next_id + offset, 1)
        if offset > self.next_id:
            return
        for update in [update for update in self.waiting.values() if update.update_id < offset]:
            self.confirm(update)

    def confirm(self, update: Update) -> None:
        self.waiting.pop(update.update_id, None)
        update.state = State.CONFIRMED
        update.confirmed_at = time.time()
        self.changed.beat()

    def drop_all(self) -> None:
        for update in self.waiting.values():
            update.state = State.EXPIRED
        self.waiting.clear()

    def drop_expired(self) -> None:
        now = time.time()
        for update in [update for update in self.waiting.values() if update.expires_at <= now]:
            update.state = State.EXPIRED
            del self.waiting[update.update_id]

    def batch(self, limit: int) -> list[Update]:
        """What the next answer holds: strays first, then the oldest that wait; marks nothing.

        No stray is newer than what has to stay behind: an offset past it would confirm that unseen.
        """
        self.drop_expired()
        waiting, strays = list(self.waiting.values()), self.strays[:limit]
        room = limit - len(strays)
        behind = waiting[room:]
        if behind:
            strays = [stray for stray in strays if stray.update_id < behind[0].update_id]
        return [*strays, *waiting[:room]]

    def hand_out(self, updates: list[Update]) -> None:
        now = time.time()
        for update in updates:
            update.times_handed_out += 1
            update.handed_out_at = update.handed_out_at or now
            if update.state is State.QUEUED:
                update.state = State.HANDED_OUT
        self.strays = [stray for stray in self.strays if stray not in updates]
        self.changed.beat()

    def open_poller(self) -> Poller:
        """A new poll ends the older one that still waits."""
        self.end_poller(TERMINATED)
        self.poller = Poller()
        return self.poller

    def end_poller(self, reason: str) -> None:
        if self.poller is not None:
            self.poller.end(reason)
            self.poller = None

    def close_poller(self, poller: Poller) -> None:
        if self.poller is poller:
            self.poller = None

    def throttled(self, offset: int, timeout: float, throttle: float) -> float:
        """The same offset again within `throttle` seconds waits at least as long for an update."""
        now = time.monotonic()
        is_repeated = offset == self._last_offset and now < self._last_poll_at + throttle
        self._last_offset, self._last_poll_at = offset, now
        return max(timeout, throttle) if is_repeated else timeout

    def _wake(self) -> None:
        self.changed.beat()
        if self.poller is not None:
            self.poller.woken.beat()

    def dump(self) -> Json:
        return {
            "next_id": self.next_id,
            "waiting": [
                {
                    "update_id": update.update_id,
                    "kind": update.kind,
                    "body": update.body,
                    "chat": update.chat,
                    "message_id": update.message_id,
                    "date": update.date,
                }
                for update in self.waiting.values()
            ],
        }

    @classmethod
    def load(cls, saved: dict[str, Any]) -> UpdateQueue:
        queue = cls(saved["next_id"])
        for fields in saved["waiting"]:
            update = Update(**fields)
            queue.waiting[update.update_id] = queue.history[update.update_id] = update
        return queue
