"""core.aio.in_db: the door from coroutines to rows."""

import asyncio
import threading

import pytest
from django.db import connection

from core.aio import in_db
from core.models import Tick
from core.ticks import NEVER
from tests.support import servers
from tests.support.processes import python, said, started


@pytest.mark.django_db(transaction=True)
async def test_it_runs_in_another_thread_and_gives_the_result_back():
    def work(one: int, *, other: int) -> tuple[int, str]:
        return one + other, threading.current_thread().name

    total, thread = await in_db(work, 1, other=2)
    assert total == 3
    assert thread.startswith("rows")


@pytest.mark.django_db(transaction=True)
async def test_it_reads_and_writes_rows():
    await in_db(Tick.objects.create, name="a", last_run_at=NEVER)
    assert await in_db(Tick.objects.count) == 1


@pytest.mark.django_db(transaction=True)
async def test_what_the_function_raises_comes_out():
    with pytest.raises(Tick.DoesNotExist):
        await in_db(Tick.objects.get, name="nobody")


@pytest.mark.django_db(transaction=True)
async def test_its_threads_are_bounded(settings):
    together_at_most = 0
    inside = 0
    lock = threading.Lock()

    def work() -> None:
        nonlocal inside, together_at_most
        with lock:
            inside += 1
            together_at_most = max(together_at_most, inside)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        with lock:
            inside -= 1

    await asyncio.gather(*[in_db(work) for _ in range(settings.DB_THREADS * 5)])
    assert 1 <= together_at_most <= settings.DB_THREADS


# Every thread of the pool is kept busy, so that none is fresh after a restart.
LOOP = """
import asyncio
from django.conf import settings
from django.db import DatabaseError, connection
from core.aio import in_db

def server():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_postmaster_start_time()::text, pg_sleep(0.05)")
        return cursor.fetchone()[0]

async def main():
    seen = []
    while True:
        try:
            answers = await asyncio.gather(*[in_db(server) for _ in range(settings.DB_THREADS)])
        except DatabaseError:
            await asyncio.sleep(0.1)
            continue
        if len(set(answers)) == 1 and answers[0] not in seen:
            seen.append(answers[0])
            print(f"server {len(seen)}", flush=True)

asyncio.run(main())
"""


@pytest.mark.postgres
def test_a_long_lived_loop_survives_restarts_of_postgresql(tmp_path):
    log = tmp_path / "log"
    with servers.postgres() as server:
        environment = {"DATABASE_URL": server.url, "REDIS_URL": ""}
        with started(python(LOOP), log, environment):
            said(log, "server 1")
            server.restart()
            said(log, "server 2")
            server.kill()
            server.start()
            said(log, "server 3")
