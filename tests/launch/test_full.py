"""./run --full: production's processes over servers that live in the data folder."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.support.servers import Server, folder_for, free_port
from tgstaff.launch import postgres
from tgstaff.launch.full import WHEELS, FullInstallation
from tgstaff.launch.installation import BASE_DIR, Installation, Trouble, read_env
from tgstaff.launch.servers import Door, NoServer


@pytest.fixture
def data() -> Iterator[Path]:
    with folder_for("full-") as folder:
        yield folder


def prepared(data: Path) -> FullInstallation:
    place = FullInstallation(data, free_port())
    with place.locked():
        place.prepare()
    return place


@pytest.mark.slow
def test_rows_and_passwords_outlive_a_start(data: Path) -> None:
    for start in range(2):
        server = Server(prepared(data).servers[0])
        server.start()
        try:
            with psycopg.connect(server.url) as rows:
                rows.execute("CREATE TABLE IF NOT EXISTS starts (number int)")
                assert len(rows.execute("SELECT * FROM starts").fetchall()) == start
                rows.execute("INSERT INTO starts VALUES (1)")
                assert rows.execute("SHOW fsync").fetchone() == ("on",)
        finally:
            server.stop()


def test_addresses_with_passwords_are_for_the_owners_eyes_alone(data: Path) -> None:
    place = prepared(data)
    assert stat.S_IMODE(os.stat(place.servers_file).st_mode) == 0o600
    addresses = read_env(place.servers_file)
    assert {name: place.environment[name] for name in addresses} == addresses
    assert addresses.keys() == {"DATABASE_URL", "REDIS_URL"}


def test_a_folder_of_the_other_shape_is_refused(data: Path) -> None:
    (data / "tgstaff.sqlite3").touch()
    with pytest.raises(Trouble, match="other shape"):
        prepared(data)
    (data / "tgstaff.sqlite3").unlink()
    (data / "postgresql").mkdir()
    with pytest.raises(Trouble, match="other shape"):
        Installation(data, free_port()).prepare()


def test_data_of_another_version_are_not_touched(data: Path) -> None:
    (data / "data").mkdir()
    (data / "data" / "PG_VERSION").write_text("9\n")
    with pytest.raises(NoServer, match="the data were made by 9"):
        postgres.server(data, Door(free_port(), "secret"))
    assert [file.name for file in (data / "data").iterdir()] == ["PG_VERSION"]


def test_the_wheels_are_those_of_the_tests() -> None:
    lines = [line for line in WHEELS.read_text().splitlines() if not line.startswith("#")]
    assert lines
    assert set(lines) <= set((BASE_DIR / "requirements-dev.txt").read_text().splitlines())


@pytest.mark.slow
def test_smoke_goes_there_and_back_in_the_full_shape() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "tgstaff.launch", "--full", "--smoke"],
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    said = json.loads(answer.stdout.splitlines()[-1])
    assert said["ok"], answer.stderr
    assert answer.returncode == 0
