import pytest

from bots.gateway import polling
from core import ports, ticks
from tests.support import telegram as support


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


@pytest.fixture
def told(settings):
    """What senders are told of their calls: `[(key, state, code)]`."""
    settings.PORTS = settings.PORTS | {"bots.outcomes": "tests.support.telegram.hear"}
    ports.port.cache_clear()
    support.told.clear()
    yield support.told
    ports.port.cache_clear()


@pytest.fixture
def quick(settings, monkeypatch, told):
    """A gateway in a hurry, whose second clock rests: tests run jobs themselves."""
    settings.BOT_LEASE_SECONDS = 2.0
    settings.SEND_SECONDS = 1.0
    monkeypatch.setattr(polling, "FIRST_REST", 0.05)
    monkeypatch.setattr(ticks, "jobs", {})
