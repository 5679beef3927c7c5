"""What is old goes, in order, and leaves a floor behind."""

import uuid
from datetime import timedelta

import pytest

from core import clock, tx
from live import actions, queries
from live.actions import record
from live.models import Event, Feed

pytestmark = pytest.mark.django_db


def write(stream, count):
    with tx.change():
        for _ in range(count):
            record(stream=stream, kind="message.changed", payload={}, audience=["everyone"])


def numbers(stream):
    return [event.number for event in queries.events_after(stream, 0, 1000)]


def floor(stream):
    return Feed.objects.get(pk=stream).floor


def test_it_keeps_what_is_young():
    stream = uuid.uuid4()
    write(stream, 3)
    assert actions.purge() == 0
    assert numbers(stream) == [1, 2, 3]
    assert floor(stream) == 0


def test_it_deletes_what_is_older_than_seven_days():
    stream, other = uuid.uuid4(), uuid.uuid4()
    write(stream, 5)
    write(other, 2)
    old = clock.now() - timedelta(days=7, seconds=1)
    Event.objects.filter(stream=stream, number__lte=3).update(at=old)
    assert actions.purge() == 3
    assert numbers(stream) == [4, 5]
    assert (floor(stream), floor(other)) == (3, 0)


def test_it_deletes_beyond_the_newest_of_a_stream(monkeypatch):
    monkeypatch.setattr(actions, "KEEP_EVENTS", 10)
    monkeypatch.setattr(actions, "PURGE_STEP", 7)
    stream = uuid.uuid4()
    write(stream, 30)
    assert actions.purge() == 20
    assert numbers(stream) == list(range(21, 31))
    assert floor(stream) == 20
    assert actions.purge() == 0


def test_it_counts_on_after_a_purge_of_everything():
    stream = uuid.uuid4()
    write(stream, 2)
    Event.objects.update(at=clock.now() - timedelta(days=8))
    actions.purge()
    write(stream, 1)
    assert numbers(stream) == [3]
    assert floor(stream) == 2
