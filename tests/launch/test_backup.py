"""What docs/operations.md says of backup and restore, done once in both shapes."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.support import servers
from tests.support.house import Agent, House, one_process
from tests.support.servers import Server
from tgstaff.launch.installation import BASE_DIR

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]


@pytest.fixture
def postgres() -> Iterator[Server]:
    with servers.postgres() as server:
        yield server


def program(server: Server, name: str) -> str:
    """The one of the server's own version."""
    beside = Path(server.launched.program.command[0]).parent / name
    return str(beside) if beside.exists() else str(shutil.which(name))


def rows(url: str) -> dict[str, int]:
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    with psycopg.connect(url) as connection:
        return {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for (table,) in connection.execute(tables).fetchall()
        }


def test_postgresql_is_dumped_and_restored_into_an_empty_database(
    postgres: Server, tmp_path: Path
) -> None:
    with servers.database(postgres.url) as old, servers.database(postgres.url) as new:
        for words in (["migrate", "-v0"], ["create_company", "--name=Acme", "--email=a@acme.io"]):
            subprocess.run(
                [sys.executable, "manage.py", *words],
                cwd=BASE_DIR,
                env=os.environ
                | {"DATABASE_URL": old, "DJANGO_SETTINGS_MODULE": "tgstaff.settings"},
                check=True,
            )
        dump = str(tmp_path / "tgstaff.dump")
        pg_dump = [program(postgres, "pg_dump"), "--format=custom", f"--file={dump}", old]
        subprocess.run(pg_dump, check=True)
        pg_restore = [program(postgres, "pg_restore"), "--no-owner", "--exit-on-error"]
        subprocess.run([*pg_restore, f"--dbname={new}", dump], check=True)
        assert rows(new) == rows(old)
        assert rows(new)["accounts_company"] == 1


def test_sqlite_is_copied_while_it_runs_and_put_back(tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite3"
    with one_process(tmp_path / "data") as house:
        writes_and_is_answered(house, "before the backup")
        with (
            closing(sqlite3.connect(house.database)) as here,
            closing(sqlite3.connect(copy)) as there,
        ):
            here.backup(there)  # as the shell's .backup does
        writes_and_is_answered(house, "after the backup")
    for leftover in house.data.glob("tgstaff.sqlite3*"):
        leftover.unlink()
    shutil.copy(copy, house.database)
    with one_process(tmp_path / "data") as house:
        writes_and_is_answered(house, "after the restore")
        with closing(sqlite3.connect(house.database)) as here:
            told = {text for (text,) in here.execute("SELECT text FROM sessions_app_message")}
        assert {"before the backup", "after the restore"} <= told
        assert "after the backup" not in told


def writes_and_is_answered(house: House, words: str) -> None:
    lena = Agent(house, house.person("Lena"))
    lena.opens_page()
    house.customer("Mei").says(words)
    lena.sees("message.changed", text=words)
    lena.closes_page()
