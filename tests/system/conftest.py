import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.support import house as houses
from tests.support.house import House


@pytest.fixture
def fresh_database() -> Iterator[str]:
    """A database of its own on the pass's PostgreSQL server; its address."""
    server, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    name = f"system_{secrets.token_hex(4)}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # a name of our own making
        yield f"{server}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(
    params=["one_process", pytest.param("production", marks=pytest.mark.postgres)],
)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """The product running, in both shapes."""
    if request.param == "one_process":
        with houses.one_process(tmp_path / "data") as running:
            yield running
        return
    database_url = request.getfixturevalue("fresh_database")
    redis_url = request.getfixturevalue("redis_url")
    with houses.production(
        tmp_path / "data", database_url=database_url, redis_url=redis_url
    ) as running:
        yield running
