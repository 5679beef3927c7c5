"""A connection out of the pool is judged without asking the server."""

import psycopg
import pytest
from django.db import connection

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
