"""Writing the feed, and forgetting what is old."""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import F, Max

from core import clock, kick, retention, tx
from live.events import News, carried
from live.models import Event, Feed

Payload = dict[str, Any]

ADVANCE = f"""
    INSERT INTO {Feed._meta.db_table} AS feed (stream, head, floor) VALUES (%s, %s, 0)
    ON CONFLICT (stream) DO UPDATE SET head = feed.head + excluded.head RETURNING head
"""  # noqa: S608  # a name of our own
# PostgreSQL's: both at once, so that others wait for the counter for the COMMIT alone.
ADVANCE_AND_APPEND = f"""
    WITH advanced AS ({ADVANCE})
    INSERT INTO {Event._meta.db_table} (stream, number, kind, audience, before, payload, at)
    SELECT %s, head - %s + place, kind, audience, before, payload, %s
    FROM advanced, UNNEST(%s::text[], %s::jsonb[], %s::jsonb[], %s::jsonb[]) WITH ORDINALITY
        AS news (kind, audience, before, payload, place)
    RETURNING number
"""  # noqa: S608  # as above


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
    event = News(
        stream=stream,
        kind=kind,
        payload=payload,
        audience=list(audience),
        before=None if before is None else list(before),
    )
    tx.at_commit(_write, event)


def _write(events: list[News]) -> None:
    """In the order of the streams: two changes that meet in two streams must not cross."""
    by_stream: dict[UUID, list[News]] = {}
    for event in events:
        by_stream.setdefault(event.stream, []).append(event)
    for stream in sorted(by_stream):
        _append(stream, by_stream[stream])
        news = carried(by_stream[stream])
        kick.hint(f"feed.{stream.hex}", type="feed.grown", stream=str(stream), events=news)


def _append(stream: UUID, events: list[News]) -> None:
    """Number and store them. The counter's row is locked until COMMIT, so numbers are given in the
    order of commits and no reader ever sees a later number first. `at` is taken before: where many
    write it may be a moment earlier than that of the number before.
    """
    at = clock.now()
    for event in events:
        event.at = at
    if connection.vendor == "postgresql":
        head = _advance_and_append(stream, events, at)
        _number(events, head)
    else:
        _number(events, _advance(stream, len(events)))
        Event.objects.bulk_create(_row(event) for event in events)


def _number(events: list[News], head: int) -> None:
    for number, event in enumerate(events, start=head - len(events) + 1):
        event.number = number


def _row(event: News) -> Event:
    return Event(**{field.name: getattr(event, field.name) for field in fields(event)})


def _advance(stream: UUID, by: int) -> int:
    """One statement, for everybody who writes in the project waits for it: Django has no UPDATE
    that returns."""
    key = Feed._meta.pk.get_db_prep_value(stream, connection)
    with connection.cursor() as cursor:
        cursor.execute(ADVANCE, (key, by))
        (head,) = cursor.fetchone()
    assert isinstance(head, int)
    return head


def _advance_and_append(stream: UUID, events: list[News], at: datetime) -> int:
    count = len(events)
    columns = (
        [event.kind for event in events],
        [json.dumps(event.audience) for event in events],
        [None if event.before is None else json.dumps(event.before) for event in events],
        [json.dumps(event.payload) for event in events],
    )
    with connection.cursor() as cursor:
        cursor.execute(ADVANCE_AND_APPEND, (stream, count, stream, count, at, *columns))
        return int(max(number for (number,) in cursor.fetchall()))


def rewrite(
    *,
    stream: UUID,
    kind: str,
    field: str,
    ids: Collection[str],
    change: Callable[[Payload], Payload],
) -> None:
    """Let the events of one kind whose payload has one of these ids in `field` say what `change`
    makes of it, so that a page which is behind reads nothing that was erased meanwhile."""
    mine = Event.objects.filter(stream=stream, kind=kind, **{f"payload__{field}__in": list(ids)})
    for event in mine.order_by("number").iterator(1000):
        event.payload = change(event.payload)
        event.save(update_fields=["payload"])


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
