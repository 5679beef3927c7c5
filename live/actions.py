"""Writing the feed, and forgetting what is old."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, Max

from core import clock, kick, tx
from live.models import Event, Feed

KEEP = timedelta(days=7)
KEEP_EVENTS = 50_000
PURGE_STEP = 5_000


def record(
    *,
    stream: UUID,
    kind: str,
    payload: dict[str, Any],
    audience: Sequence[str],
    before: Sequence[str] | None = None,
) -> None:
    """Put an event on the change's list; it gets its number just before COMMIT.

    `payload` is the whole row as pages see it, with an `id` if `before` is given: the audience that
    the row had until now, where somebody in it may lose sight of it. Raises RuntimeError outside
    of `core.tx.change()`.
    """
    event = Event(
        stream=stream,
        kind=kind,
        payload=payload,
        audience=list(audience),
        before=None if before is None else list(before),
    )
    tx.at_commit(_write, event)


def _write(events: list[Event]) -> None:
    """In the order of the streams: two changes that meet in two streams must not cross."""
    by_stream: dict[UUID, list[Event]] = {}
    for event in events:
        by_stream.setdefault(event.stream, []).append(event)
    for stream in sorted(by_stream):
        _append(stream, by_stream[stream])
        kick.hint(f"feed.{stream.hex}", type="feed.grown", stream=str(stream))


def _append(stream: UUID, events: list[Event]) -> None:
    head = _advance(stream, len(events))
    at = clock.now()
    for number, event in enumerate(events, start=head - len(events) + 1):
        event.number = number
        event.at = at
    Event.objects.bulk_create(events)


def _advance(stream: UUID, by: int) -> int:
    """Move the counter and return it. The update locks the row until COMMIT, so numbers are given
    in the order of commits and no reader ever sees a later number first."""
    feed = Feed.objects.filter(pk=stream)
    if not feed.update(head=F("head") + by):
        Feed.objects.bulk_create([Feed(stream=stream)], ignore_conflicts=True)
        feed.update(head=F("head") + by)
    return feed.values_list("head", flat=True).get()


def purge() -> int:
    """Delete events older than 7 days or beyond the newest 50,000 of a stream; how many."""
    return sum(_purge_stream(stream, floor) for stream, floor in _new_floors().items())


def _new_floors() -> dict[UUID, int]:
    old = Event.objects.filter(at__lt=clock.now() - KEEP)
    floors = dict(old.values("stream").annotate(Max("number")).values_list("stream", "number__max"))
    for feed in Feed.objects.filter(head__gt=F("floor") + KEEP_EVENTS):
        floors[feed.stream] = max(floors.get(feed.stream, 0), feed.head - KEEP_EVENTS)
    return floors


def _purge_stream(stream: UUID, floor: int) -> int:
    """In steps: the counter's row is locked for moments only."""
    purged = 0
    reached = Feed.objects.values_list("floor", flat=True).get(pk=stream)
    while reached < floor:
        reached = min(reached + PURGE_STEP, floor)
        with tx.change():
            Feed.objects.filter(pk=stream, floor__lt=reached).update(floor=reached)
            purged += Event.objects.filter(stream=stream, number__lte=reached).delete()[0]
    return purged
