"""Reads of the feed. Numbers are dense and in the order of commits, so reading on by number
misses nothing."""

from collections.abc import Collection
from uuid import UUID

from live.models import Event, Feed


def head(stream: UUID) -> int:
    """The number of the newest event; 0 before the first."""
    return Feed.objects.filter(pk=stream).values_list("head", flat=True).first() or 0


def heads(streams: Collection[UUID]) -> dict[UUID, int]:
    """The heads of many streams in one query."""
    known = dict(Feed.objects.filter(pk__in=streams).values_list("stream", "head"))
    return {stream: known.get(stream, 0) for stream in streams}


def events_after(stream: UUID, number: int, limit: int) -> list[Event]:
    """The next events after `number`, oldest first. If some of them are purged, it is what is left:
    look at the first number."""
    later = Event.objects.filter(stream=stream, number__gt=number)
    return list(later.order_by("number")[:limit])
