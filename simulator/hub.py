"""Waking those who wait: a pulse for "look again", and a hub for the phone page's live events."""

from __future__ import annotations

import asyncio

from simulator.jsons import Json


class Pulse:
    """Wakes everyone who waits; a waiter looks for itself whether its moment has come."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def beat(self) -> None:
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, seconds: float) -> bool:
        """True after a beat, False after `seconds` without one."""
        try:
            await asyncio.wait_for(self._event.wait(), seconds)
        except TimeoutError:
            return False
        return True


class Hub:
    """Events, `{"type": …, …}`, to every open phone page; a later page asks for the state."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[Json | None]] = set()

    def join(self) -> asyncio.Queue[Json | None]:
        listener: asyncio.Queue[Json | None] = asyncio.Queue()
        self._listeners.add(listener)
        return listener

    def leave(self, listener: asyncio.Queue[Json | None]) -> None:
        self._listeners.discard(listener)

    def publish(self, event_type: str, **fields: object) -> None:
        for listener in self._listeners:
            listener.put_nowait({"type": event_type, **fields})

    def close(self) -> None:
        """Ends every stream, so that the program can stop at once."""
        for listener in self._listeners:
            listener.put_nowait(None)
