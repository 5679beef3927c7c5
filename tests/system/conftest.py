from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import furnished
from tests.support.house import House


@pytest.fixture(
    params=["one_process", pytest.param("production", marks=pytest.mark.postgres)],
)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """The product running, in both shapes."""
    if request.param == "one_process":
        with furnished.one_process(tmp_path / "data") as running:
            yield running
        return
    redis_url = request.getfixturevalue("redis_url")
    with furnished.production(tmp_path / "data", redis_url=redis_url) as running:
        yield running
