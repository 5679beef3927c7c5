"""Fixtures of the rooms that talk to Telegram; their conftests name what they take.

Not in the conftest of all: what they import takes seconds and needs the apps.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import telegram as support


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[support.Simulator]:
    with support.simulator(tmp_path_factory.mktemp("simulator")) as running:
        yield running


@pytest.fixture
def telegram(simulator: support.Simulator, settings: Any) -> support.Simulator:
    """An empty Telegram that the product talks to."""
    simulator.reset()
    settings.TELEGRAM_API_BASE = simulator.url
    return simulator
