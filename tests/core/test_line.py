"""The event loop's own connection to PostgreSQL."""

import asyncio

import psycopg
import pytest

from core.aio import Line, in_db
from tests.support.waiting import until

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

MYSELF = "SELECT pg_backend_pid()"
BUSY = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND state = 'active'"


@pytest.fixture
async def line():
    line = Line()
    yield line
    await line.close()


async def test_each_statement_is_a_transaction_on_the_same_connection(line):
    rows = [await line.row("SELECT pg_backend_pid(), txid_current(), %s", ["x"]) for _ in range(9)]
    assert {(pid, said) for pid, _transaction, said in rows} == {(rows[0][0], "x")}
    assert len({transaction for _pid, transaction, _said in rows}) == 9


async def test_it_connects_as_django_does(line, settings):
    (time_out,) = await line.row("SHOW statement_timeout", [])
    assert time_out == f"{settings.DB_STATEMENT_SECONDS}s"


async def test_an_error_is_told_and_the_next_statement_runs(line):
    (before,) = await line.row(MYSELF, [])
    with pytest.raises(psycopg.errors.DivisionByZero):
        await line.row("SELECT 1 / %s", [0])
    assert await line.row(MYSELF, []) == (before,)


async def test_at_rest_it_notices_that_its_server_has_ended(line, database_url):
    (before,) = await line.row(MYSELF, [])
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [before])
    assert await line.row(MYSELF, []) != (before,)


async def test_cut_off_at_work_it_says_so_once(line, database_url):
    (before,) = await line.row(MYSELF, [])
    asked = asyncio.create_task(line.row("SELECT pg_sleep(20)", []))
    await in_db(cut_off_at_work, database_url, before)
    with pytest.raises(psycopg.OperationalError):
        await asked
    assert await line.row(MYSELF, []) != (before,)


def cut_off_at_work(database_url, pid):
    with psycopg.connect(database_url, autocommit=True) as other:
        until(lambda: other.execute(BUSY, [pid]).fetchone(), 10)
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
