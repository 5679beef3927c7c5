"""core.tx.change and at_commit: what is written, when, and what is dropped."""

import pytest
from django.db import transaction

from core import tx
from core.models import Tick
from core.ticks import NEVER


class Written:
    """A writer that keeps what it is given, and notes that the transaction is still open."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def __call__(self, items: list[str]) -> None:
        assert transaction.get_connection().in_atomic_block
        self.batches.append(list(items))


def add(name: str) -> None:
    Tick.objects.create(name=name, last_run_at=NEVER)


def names() -> set[str]:
    return set(Tick.objects.values_list("name", flat=True))


@pytest.mark.django_db(transaction=True)
class TestChanges:
    def test_it_writes_all_items_once_in_order_just_before_the_commit(self):
        written = Written()
        with tx.change():
            tx.at_commit(written, "a")
            with tx.change():
                tx.at_commit(written, "b")
            tx.at_commit(written, "c")
            assert written.batches == []
        assert written.batches == [["a", "b", "c"]]

    def test_it_gives_each_writer_its_own_items(self):
        one, other = Written(), Written()
        with tx.change():
            tx.at_commit(one, "a")
            tx.at_commit(other, "b")
            tx.at_commit(one, "c")
        assert one.batches == [["a", "c"]]
        assert other.batches == [["b"]]

    def test_a_nested_change_that_fails_drops_its_rows_and_its_items(self):
        written = Written()
        with tx.change():
            add("outer")
            tx.at_commit(written, "outer")
            with pytest.raises(ZeroDivisionError), tx.change():
                add("inner")
                tx.at_commit(written, "inner")
                with tx.change():
                    tx.at_commit(written, "innermost")
                raise ZeroDivisionError
        assert names() == {"outer"}
        assert written.batches == [["outer"]]

    def test_an_outermost_change_that_fails_leaves_nothing(self):
        written = Written()
        with pytest.raises(ZeroDivisionError), tx.change():
            add("lost")
            tx.at_commit(written, "lost")
            raise ZeroDivisionError
        assert names() == set()
        assert written.batches == []
        assert not tx.in_change()

    def test_a_writer_that_fails_takes_the_whole_change_with_it(self):
        def refuse(items: list[str]) -> None:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError), tx.change():
            add("lost")
            tx.at_commit(refuse, "a")
        assert names() == set()

    def test_a_writer_may_hand_on_more(self):
        written = Written()

        def passing_on(items: list[str]) -> None:
            for item in items:
                tx.at_commit(written, item + "!")

        with tx.change():
            tx.at_commit(passing_on, "a")
        assert written.batches == [["a!"]]

    def test_it_starts_anew_after_a_failure(self):
        written = Written()
        with pytest.raises(ZeroDivisionError), tx.change():
            tx.at_commit(written, "lost")
            raise ZeroDivisionError
        with tx.change():
            tx.at_commit(written, "kept")
        assert written.batches == [["kept"]]


def test_outside_of_a_change_it_raises():
    with pytest.raises(RuntimeError, match="outside"):
        tx.at_commit(Written(), "a")


@pytest.mark.django_db
def test_it_knows_whether_a_change_is_open():
    assert not tx.in_change()
    with tx.change():
        assert tx.in_change()
    assert not tx.in_change()
