"""How much may be on its way to a page.

The server's own send buffer has no bound: one browser that no longer reads took a process from 64
to 463 MB. So pages acknowledge what they have applied, and what they have not is limited.
"""

import time
from collections import deque
from uuid import UUID

MAX_EVENTS = 500
MAX_BYTES = 1024 * 1024


class Window:
    """What a page has been sent and has not acknowledged, over all its streams."""

    def __init__(self) -> None:
        self._sent: dict[UUID, deque[tuple[int, int]]] = {}
        self._events = 0
        self._bytes = 0
        self._full_since: float | None = None

    @property
    def room(self) -> int:
        """How many events may follow. The last one may go beyond the limit of bytes."""
        return 0 if self._bytes >= MAX_BYTES else MAX_EVENTS - self._events

    @property
    def is_full(self) -> bool:
        return self._full_since is not None

    def full_for(self) -> float:
        """Seconds since it has been full; 0 if it is not."""
        return time.monotonic() - self._full_since if self._full_since is not None else 0.0

    def add(self, stream: UUID, number: int, size: int) -> None:
        self._sent.setdefault(stream, deque()).append((number, size))
        self._events += 1
        self._bytes += size
        if self.room <= 0:
            self._full_since = time.monotonic()

    def acknowledge(self, stream: UUID, number: int) -> None:
        """The page has everything of the stream up to `number`."""
        sent = self._sent.get(stream, deque())
        while sent and sent[0][0] <= number:
            self._bytes -= sent.popleft()[1]
            self._events -= 1
        if self.room > 0:
            self._full_since = None

    def forget(self, stream: UUID) -> None:
        """The page starts the stream anew."""
        sent = self._sent.get(stream)
        if sent:
            self.acknowledge(stream, sent[-1][0])
