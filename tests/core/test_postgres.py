"""What is quicker than psycopg's own says the same: lists, moments, and whether a connection lives."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import DataError, connection
from hypothesis import given
from hypothesis import strategies as st

from core.postgres import check

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def idle():
    """A connection at rest."""
    with psycopg.connect(**connection.get_connection_params()) as idle:
        idle.autocommit = True
        idle.execute("SELECT 1")
        yield idle


def test_one_at_rest_passes(idle):
    check(idle)
    assert idle.execute("SELECT 1").fetchone() == (1,)


def test_one_whose_server_has_ended_does_not(idle):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", (idle.info.backend_pid,))
    with pytest.raises(psycopg.OperationalError):
        check(idle)


def test_one_that_was_told_something_is_asked_and_stays(idle):
    """A notification lies in its socket: it can be read, and the server is well."""
    idle.execute("LISTEN news")
    with connection.cursor() as cursor:
        cursor.execute("NOTIFY news")
    check(idle)
    assert idle.execute("SELECT 1").fetchone() == (1,)


# ---------------------------------------------------------------- lists

letters = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
texts = st.text(letters) | st.sampled_from(['"', "\\", "{}", ",", "NULL", "", " ", '\\"', "\x01"])


def there_and_back(values, kind):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT %s::{kind}[]", (values,))
        return cursor.fetchone()[0]


@given(st.lists(texts, max_size=6))
def test_texts_arrive_as_they_are(values):
    assert there_and_back(values, "text") == values


@given(st.lists(texts | st.none(), max_size=6))
def test_nothing_is_not_the_word_null(values):
    assert there_and_back(values, "text") == values


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=6))
def test_numbers_arrive_as_they_are(values):
    assert there_and_back(values, "bigint") == values


@given(st.lists(st.booleans() | st.none(), max_size=4))
def test_a_truth_is_no_number(values):
    assert there_and_back(values, "boolean") == values


@given(st.lists(st.lists(texts, min_size=2, max_size=2), max_size=3))
def test_lists_of_lists_arrive_as_they_are(values):
    assert there_and_back(values, "text") == values


@given(st.lists(st.binary(max_size=8), max_size=4))
def test_bytes_arrive_as_they_are(values):
    assert [bytes(value) for value in there_and_back(values, "bytea")] == values


def test_a_nul_is_refused_and_does_not_part_a_text():
    with pytest.raises(DataError):
        there_and_back(["one\0two"], "text")


# ---------------------------------------------------------------- moments


def asked(text):
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", (text,))
        return cursor.fetchone()[0]


@given(st.datetimes(datetime(1900, 1, 1), datetime(9999, 12, 30), timezones=st.just(UTC)))  # noqa: DTZ001  # hypothesis adds the zone
def test_a_moment_is_what_it_was(moment):
    found = asked(moment.isoformat())
    assert found == moment
    assert found.utcoffset() == timedelta(0)


def test_a_moment_of_another_zone_is_the_same_moment():
    assert asked("2026-11-29 18:30:00.5+05:30") == datetime(2026, 11, 29, 13, 0, 0, 500_000, UTC)


@pytest.mark.parametrize("text", ["infinity", "-infinity", "0044-03-15 12:00:00 BC"])
def test_what_python_has_no_moment_for_is_an_error(text):
    with pytest.raises(DataError):
        asked(text)
