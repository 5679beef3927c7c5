"""Writing the feed, and forgetting what is old."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import F, Max

from core import clock, kick, retention, tx
from live.events import carried
from live.models import Event, Feed

ADVANCE = f"""
    INSERT INTO {Feed._meta.db_table} AS feed (stream, head, floor) VALUES (%s, %s, 0)
    ON CONFLICT (stream) DO UPDATE SET head = feed.head + excluded.head RETURNING head
"""  # noqa: S608  # a name of our own


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
        news = carried(by_stream[stream])
        kick.hint(f"feed.{stream.hex}", type="feed.grown", stream=str(stream), events=news)


def _append(stream: UUID, events: list[Event]) -> None:
    head = _advance(stream, len(events))
    at = clock.now()
    for number, event in enumerate(events, start=head - len(events) + 1):
        event.number = number
        event.at = at
    Event.objects.bulk_create(events)


def _advance(stream: UUID, by: int) -> int:
    """Move the counter and return it. The row is locked until COMMIT, so numbers are given in the
    order of commits and no reader ever sees a later number first.

    One statement, for everybody who writes in the project waits for it: Django has no UPDATE that
    returns.
    """
    key = Feed._meta.pk.get_db_prep_value(stream, connection)
    with connection.cursor() as cursor:
        cursor.execute(ADVANCE, (key, by))
        (head,) = cursor.fetchone()
    assert isinstance(head, int)
    return head


def purge(limit: int) -> int:
    """Delete events that are too old, or too many in their stream; how many, `limit` at most.

    Each stream in a transaction of its own: its counter's row is locked for a moment only.
    """
    count = 0
    while count < limit and (feed := _longest() or _oldest()):
        count += _cut(feed, limit - count)
    return count


def _longest() -> Feed | None:
    """A stream with more events than are kept."""
    return Feed.objects.filter(head__gt=F("floor") + settings.EVENT_COUNT).first()


def _oldest() -> Feed | None:
    """The stream of the oldest event, if that is too old."""
    old = Event.objects.filter(at__lt=_too_old()).order_by("at").first()
    return Feed.objects.get(pk=old.stream) if old else None


def _too_old() -> datetime:
    return retention.before(days=settings.EVENT_DAYS)


def _cut(feed: Feed, limit: int) -> int:
    """Numbers are in the order of commits, so what stands before an old event is as old."""
    first = Event.objects.filter(stream=feed.stream, number__lte=feed.floor + limit)
    newest_old = first.filter(at__lt=_too_old()).aggregate(number=Max("number"))["number"] or 0
    floor = max(newest_old, min(feed.head - settings.EVENT_COUNT, feed.floor + limit))
    if floor <= feed.floor:
        floor = feed.floor + limit  # an old one stands further on
    with tx.change():
        Feed.objects.filter(pk=feed.stream, floor__lt=floor).update(floor=floor)
        return Event.objects.filter(stream=feed.stream, number__lte=floor).delete()[0]
