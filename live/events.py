"""Events as pages get them: see docs/live-protocol.md."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from core.text import storable
from live.models import Event

# What goes along with a hint; whoever hears it reads more from the rows.
CARRIED_EVENTS = 8
CARRIED_LETTERS = 32 * 1024

# Kinds after which somebody's rights on the stream, or those of the person whose own stream it is,
# may be others than before.
RIGHTS_KINDS = frozenset({"access.changed", "project.changed"})


@lru_cache(1024)  # the rows of a batch have most of theirs in common
def moment(at: datetime | None) -> str | None:
    """ISO 8601 in UTC with milliseconds: 2026-11-22T14:32:05.120Z."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def as_json(data: Any) -> str:
    """Compact JSON that is valid UTF-8: a surrogate standing alone would end every socket."""
    return storable(json.dumps(data, ensure_ascii=False, separators=(",", ":")))


@dataclass(slots=True)
class News:
    """An event before it has its number, and its row: thousands are made at once."""

    stream: UUID
    kind: str
    payload: dict[str, Any]
    audience: list[str]
    before: list[str] | None
    number: int = field(init=False)
    at: datetime = field(init=False)


@dataclass(frozen=True, slots=True)
class Item:
    """One event, encoded once for all who see it.

    `text` is the envelope {n, kind, at, data} as JSON, `size` its bytes. Where the audience changed,
    `new` is for those in whose sight the row was not (its `was` is null: they knew of no state
    before), and `gone` for those in whose sight it is no more ("session.gone" for
    "session.changed").
    """

    number: int
    kind: str
    audience: frozenset[str]
    before: frozenset[str]
    text: str
    size: int
    new: str
    gone: str

    def seen_by(self, tags: frozenset[str]) -> str:
        """The envelope for a viewer with these tags; empty if there is nothing to see."""
        is_known = bool(tags & self.before) or not self.before
        if tags & self.audience:
            return self.text if is_known else self.new
        return self.gone if tags & self.before else ""


def carried(events: Sequence[News | Event]) -> str:
    """Events for a hint, as JSON; empty if they are too many or too long."""
    if len(events) > CARRIED_EVENTS:
        return ""
    rows = [
        [row.number, row.kind, row.audience, row.before, row.payload, row.at.isoformat()]
        for row in events
    ]
    text = json.dumps(rows)
    return text if len(text) <= CARRIED_LETTERS else ""


def brought(stream: UUID, text: str) -> list[Event]:
    """The events that a hint has `carried`."""
    return [
        Event(
            stream=stream,
            number=number,
            kind=kind,
            audience=audience,
            before=before,
            payload=payload,
            at=datetime.fromisoformat(at),
        )
        for number, kind, audience, before, payload, at in json.loads(text or "[]")
    ]


def item(event: Event) -> Item:
    text = _envelope(event, event.kind, event.payload)
    return Item(
        number=event.number,
        kind=event.kind,
        audience=frozenset(event.audience),
        before=frozenset(event.before or ()),
        text=text,
        size=len(text.encode()),
        new=_new(event) if event.before else "",
        gone=_gone(event) if event.before else "",
    )


def _envelope(event: Event, kind: str, data: dict[str, Any]) -> str:
    return as_json({"n": event.number, "kind": kind, "at": moment(event.at), "data": data})


def _new(event: Event) -> str:
    return _envelope(event, event.kind, event.payload | {"was": None})


def _gone(event: Event) -> str:
    noun = event.kind.partition(".")[0]
    data = {"id": event.payload.get("id"), "was": event.payload.get("was")}
    if event.payload.get("erased"):
        data["erased"] = True
    return _envelope(event, f"{noun}.gone", data)
