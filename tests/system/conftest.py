import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import house as houses
from tests.support import servers
from tests.support.house import House


@pytest.fixture
def fresh_database() -> Iterator[str]:
    """A database of its own on the pass's PostgreSQL server; its address."""
    with servers.database(os.environ["DATABASE_URL"]) as url:
        yield url


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
