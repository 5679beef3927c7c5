"""core.tx.snapshot: one state, while others commit."""

from typing import Any

import pytest
from django.db import DatabaseError, connection

from core import tx
from core.models import Tick
from core.ticks import NEVER
from tests.support.threads import together

pytestmark = pytest.mark.django_db(transaction=True)


def add(name: str) -> None:
    Tick.objects.create(name=name, last_run_at=NEVER)


def names() -> list[str]:
    return sorted(Tick.objects.values_list("name", flat=True))


def test_it_sees_one_state_while_another_connection_commits():
    add("before")
    with tx.snapshot():
        assert names() == ["before"]
        assert together(lambda: add("meanwhile")) == [None]
        assert names() == ["before"]
    assert names() == ["before", "meanwhile"]


def test_without_it_the_other_commit_is_seen():
    add("before")
    assert names() == ["before"]
    assert together(lambda: add("meanwhile")) == [None]
    assert names() == ["before", "meanwhile"]


def test_it_does_not_wait_for_a_writer():
    add("before")

    def read() -> list[str]:
        with tx.snapshot():
            return names()

    with tx.change():
        add("open")
        assert together(read) == [["before"]]


@pytest.mark.postgres
def test_it_is_for_reading_only():
    with pytest.raises(DatabaseError, match="read-only"), tx.snapshot():
        add("refused")


def test_afterwards_the_connection_is_as_it_was():
    with tx.snapshot():
        names()
    with tx.change():
        add("written")
    wrapper: Any = connection
    if wrapper.vendor == "sqlite":
        assert wrapper.transaction_mode == "IMMEDIATE"
    assert names() == ["written"]


def test_inside_a_change_it_shows_the_changes_own_rows():
    with tx.change():
        add("mine")
        with tx.snapshot():
            assert names() == ["mine"]
