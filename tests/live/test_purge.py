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
    assert actions.purge(1000) == 0
    assert numbers(stream) == [1, 2, 3]
    assert floor(stream) == 0


def test_it_deletes_what_is_older_than_seven_days():
    stream, other = uuid.uuid4(), uuid.uuid4()
    write(stream, 5)
    write(other, 2)
    old = clock.now() - timedelta(days=7, seconds=1)
    Event.objects.filter(stream=stream, number__lte=3).update(at=old)
    assert actions.purge(1000) == 3
    assert numbers(stream) == [4, 5]
    assert (floor(stream), floor(other)) == (3, 0)


def test_it_deletes_beyond_the_newest_of_a_stream(settings):
    settings.EVENT_COUNT = 10
    stream = uuid.uuid4()
    write(stream, 30)
    assert actions.purge(15) == 15
    assert floor(stream) == 15
    assert actions.purge(1000) == 5
    assert numbers(stream) == list(range(21, 31))
    assert floor(stream) == 20
    assert actions.purge(1000) == 0


def test_it_counts_on_after_a_purge_of_everything():
    stream = uuid.uuid4()
    write(stream, 2)
    Event.objects.update(at=clock.now() - timedelta(days=8))
    actions.purge(1000)
    write(stream, 1)
    assert numbers(stream) == [3]
    assert floor(stream) == 2


def test_it_goes_on_from_stream_to_stream_and_no_further_than_it_may():
    streams = [uuid.uuid4() for _ in range(3)]
    for stream in streams:
        write(stream, 4)
    Event.objects.update(at=clock.now() - timedelta(days=8))
    write(streams[0], 1)
    assert actions.purge(10) == 10
    assert actions.purge(10) == 2
    assert [len(numbers(stream)) for stream in streams] == [1, 0, 0]


def test_an_old_event_far_behind_young_numbers_is_reached():
    """Clocks of two processes may differ by a little: `at` need not grow with the number."""
    stream = uuid.uuid4()
    write(stream, 9)
    Event.objects.filter(number=8).update(at=clock.now() - timedelta(days=8))
    while actions.purge(3):
        pass
    assert numbers(stream) == [9]
