"""core.tx.lock and run: two at the same rows."""

import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection

from core import tx
from core.errors import Refusal
from core.models import Tick
from core.ticks import NEVER
from tests.support.threads import together

pytestmark = pytest.mark.django_db(transaction=True)


def rows(*names: str) -> None:
    Tick.objects.bulk_create([Tick(name=name, last_run_at=NEVER) for name in names])


def lock_row(name: str) -> None:
    list(tx.lock(Tick.objects.filter(name=name)))


class Crossing:
    """Locks two rows in the order given. The first try of both meets in the middle: a deadlock."""

    def __init__(self, meeting: threading.Barrier, first: str, then: str) -> None:
        self.meeting, self.first, self.then = meeting, first, then
        self.tries = 0

    def __call__(self) -> str:
        self.tries += 1
        with tx.change():
            lock_row(self.first)
            if self.tries == 1:
                self.meeting.wait(10)
            lock_row(self.then)
        return self.first


@pytest.mark.postgres
def test_a_real_deadlock_is_repeated_and_both_come_through():
    rows("a", "b")
    meeting = threading.Barrier(2)
    one, other = Crossing(meeting, "a", "b"), Crossing(meeting, "b", "a")
    results = together(lambda: tx.run(one), lambda: tx.run(other))
    assert results == ["a", "b"]
    assert one.tries + other.tries == 3  # the victim once more


@pytest.mark.postgres
def test_three_conflicts_are_busy():
    tries = []

    def always_in_the_way() -> None:
        tries.append(1)
        with tx.change():
            execute("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END $$")

    with pytest.raises(Refusal) as refused:
        tx.run(always_in_the_way)
    assert refused.value.code == "busy"
    assert refused.value.status == 503
    assert len(tries) == 3


@pytest.mark.postgres
def test_a_lock_that_is_held_too_long_is_busy():
    rows("a")
    taken, done = threading.Event(), threading.Event()

    def holder() -> None:
        with tx.change():
            lock_row("a")
            taken.set()
            assert done.wait(30)

    def impatient() -> None:
        with tx.change():
            execute("SET LOCAL lock_timeout = '20ms'")
            lock_row("a")

    def comer() -> None:
        assert taken.wait(10)
        try:
            tx.run(impatient)
        finally:
            done.set()

    _, refused = together(holder, comer)
    assert isinstance(refused, Refusal)
    assert refused.code == "busy"


@pytest.mark.postgres
def test_a_lock_does_not_stop_inserts_that_refer_to_the_row():
    rows("a")
    execute("CREATE TABLE probe (tick varchar REFERENCES core_tick (name))")

    def refer() -> None:
        with tx.change():
            execute("SET LOCAL lock_timeout = '1s'")
            execute("INSERT INTO probe VALUES ('a')")

    try:
        with tx.change():
            lock_row("a")
            assert together(refer) == [None]
    finally:
        execute("DROP TABLE probe")


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_what_is_no_conflict_is_not_repeated():
    rows("a")
    tries = []

    def twice_the_same() -> None:
        tries.append(1)
        with tx.change():
            Tick.objects.create(name="a", last_run_at=NEVER)

    with pytest.raises(IntegrityError):
        tx.run(twice_the_same)
    assert len(tries) == 1


def test_a_refusal_passes_through_at_once():
    tries = []

    def refuse() -> None:
        tries.append(1)
        raise Refusal("not_found", "gone")

    with pytest.raises(Refusal, match="not_found"):
        tx.run(refuse)
    assert len(tries) == 1


def test_it_hands_arguments_and_the_result_through():
    assert tx.run(divmod, 7, 2) == (3, 1)


def test_it_knows_sqlites_word_for_a_conflict():
    assert tx.is_conflict(DatabaseError("database is locked"))
    assert not tx.is_conflict(DatabaseError("no such table"))


def test_changes_of_one_row_never_lose_one():
    rows("a")

    def count_up() -> None:
        with tx.change():
            row = tx.lock(Tick.objects.filter(name="a")).get()
            row.last_run_at += timedelta(seconds=1)
            row.save(update_fields=["last_run_at"])

    def five_times() -> None:
        for _ in range(5):
            tx.run(count_up)

    assert together(*[five_times] * 4) == [None] * 4
    assert Tick.objects.get(name="a").last_run_at == NEVER + timedelta(seconds=20)
