import pytest

from tests.security.world import make_world
from tests.support.simulated import simulator, telegram

__all__ = ["simulator", "telegram"]


@pytest.fixture
def world(db):
    return make_world()
