import uuid

import pytest

from core.ports import port
from tests.factories import make_user
from tests.live import rights


@pytest.fixture(autouse=True)
def wired(settings):
    """The port for access leads to what the test gives."""
    settings.PORTS = {**settings.PORTS, "live.access": "tests.live.rights.access"}
    port.cache_clear()
    rights.given.clear()
    yield
    port.cache_clear()


@pytest.fixture
def quick(settings):
    """Polls and pulses come often."""
    settings.PULSE_SECONDS = 0.1


@pytest.fixture
def hints_alone(settings):
    """No poll comes to help: what arrives was brought by a hint or by hello."""
    settings.PULSE_SECONDS = 3600


@pytest.fixture
def stream():
    return uuid.uuid4()


@pytest.fixture
def alice(transactional_db, stream):
    """Alice sees `stream`, and her own."""
    return _viewer("Alice", stream)


@pytest.fixture
def bob(transactional_db, stream):
    return _viewer("Bob", stream)


def _viewer(name, stream):
    user = make_user(name)
    rights.give(user, stream, "everyone")
    rights.give(user, user.public_id, "everyone")
    return user
