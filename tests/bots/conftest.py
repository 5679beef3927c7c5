import pytest

from bots.gateway import polling
from core import ports, ticks
from tests.support import telegram as support
from tests.support.simulated import simulator, telegram

__all__ = ["simulator", "telegram"]


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
