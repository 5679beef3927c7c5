"""Writing events: numbers are dense, follow the commits, and cost nobody a deadlock."""

import threading
import uuid
from functools import partial

import pytest
from django.db import connection

from core import tx
from live import queries
from live.actions import record
from live.models import Event
from tests.support.threads import together

pytestmark = pytest.mark.django_db(transaction=True)

WRITERS = 8
CHANGES = 100


def say(stream, text="hello", **fields):
    fields.setdefault("audience", ["everyone"])
    record(stream=stream, kind="message.changed", payload={"text": text}, **fields)


def change(*streams, text="hello"):
    with tx.change():
        for stream in streams:
            say(stream, text)


def texts(stream):
    return [event.payload["text"] for event in queries.events_after(stream, 0, 10_000)]


def test_it_numbers_the_events_of_a_stream_from_one():
    stream = uuid.uuid4()
    with tx.change():
        say(stream, "a")
        say(stream, "b")
    change(stream, text="c")
    events = queries.events_after(stream, 0, 10)
    assert [(event.number, event.payload["text"]) for event in events] == [
        (1, "a"),
        (2, "b"),
        (3, "c"),
    ]
    assert queries.head(stream) == 3


def test_it_counts_each_stream_by_itself():
    one, other = uuid.uuid4(), uuid.uuid4()
    change(one)
    change(other)
    change(other, one)
    assert queries.heads([one, other, uuid.UUID(int=0)]) == {one: 2, other: 2, uuid.UUID(int=0): 0}


def test_it_keeps_audience_and_the_audience_before():
    stream = uuid.uuid4()
    with tx.change():
        say(stream, audience=("managers", "pool"), before=("agent:7",))
        say(stream)
    first, second = queries.events_after(stream, 0, 10)
    assert (first.audience, first.before) == (["managers", "pool"], ["agent:7"])
    assert second.before is None


def test_it_refuses_outside_of_a_change():
    with pytest.raises(RuntimeError):
        say(uuid.uuid4())


def test_it_writes_nothing_of_a_change_that_fails():
    stream = uuid.uuid4()
    with pytest.raises(LookupError), tx.change():
        say(stream)
        raise LookupError
    assert queries.head(stream) == 0
    assert not Event.objects.exists()


def test_it_drops_what_a_failed_nested_change_recorded():
    stream = uuid.uuid4()
    with tx.change():
        say(stream, "kept")
        with pytest.raises(LookupError), tx.change():
            say(stream, "dropped")
            raise LookupError
        with tx.change():
            say(stream, "kept too")
    assert texts(stream) == ["kept", "kept too"]
    assert queries.head(stream) == 2


def test_it_costs_one_query_a_stream_or_two(django_assert_num_queries):
    stream = uuid.uuid4()
    change(stream)
    asked = 1 if connection.vendor == "postgresql" else 2  # the counter and the events
    with django_assert_num_queries(asked + 2):  # BEGIN and COMMIT
        with tx.change():
            for number in range(50):
                say(stream, str(number))
    assert texts(stream) == ["hello", *map(str, range(50))]


def test_it_creates_a_stream_once_when_all_come_first():
    stream = uuid.uuid4()
    results = together(*[partial(change, stream)] * WRITERS)
    assert results == [None] * WRITERS
    assert queries.head(stream) == WRITERS


def test_it_shows_a_reader_every_event_in_order_while_many_write():
    """A reader that goes on by number sees what is committed, all of it, once."""
    stream = uuid.uuid4()
    done = threading.Event()

    def write():
        for _ in range(CHANGES):
            tx.run(change, stream)

    def read():
        seen = []
        while True:
            last_look = done.wait(0.005)
            page = queries.events_after(stream, seen[-1] if seen else 0, 50)
            seen += [event.number for event in page]
            if last_look and not page:
                return seen

    def write_all():
        try:
            return together(*[write] * WRITERS, seconds=90)
        finally:
            done.set()

    results, seen = together(write_all, read, seconds=100)
    assert results == [None] * WRITERS
    assert seen == list(range(1, WRITERS * CHANGES + 1))


def test_it_lets_changes_meet_in_two_streams_in_any_order():
    one, other = uuid.uuid4(), uuid.uuid4()

    def forwards():
        for _ in range(50):
            change(one, other)

    def backwards():
        for _ in range(50):
            change(other, one)

    assert together(forwards, backwards, forwards, backwards) == [None] * 4
    assert queries.heads([one, other]) == {one: 200, other: 200}
