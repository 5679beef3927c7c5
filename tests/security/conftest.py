import pytest

from tests.security.world import make_world
from tests.support import telegram as support


@pytest.fixture
def world(db):
    return make_world()


@pytest.fixture(scope="session")
def simulator(tmp_path_factory):
    with support.simulator(tmp_path_factory.mktemp("simulator")) as running:
        yield running


@pytest.fixture
def telegram(simulator, settings):
    """An empty Telegram that the product talks to."""
    simulator.reset()
    settings.TELEGRAM_API_BASE = simulator.url
    return simulator
