import pytest

from tests.support import telegram as support


@pytest.fixture(scope="session")
def simulator(tmp_path_factory):
    with support.simulator(tmp_path_factory.mktemp("console-simulator")) as running:
        yield running


@pytest.fixture
def telegram(simulator, settings):
    simulator.reset()
    settings.TELEGRAM_API_BASE = simulator.url
    return simulator
