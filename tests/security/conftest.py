import pytest

from tests.security.world import make_world


@pytest.fixture
def world(db):
    return make_world()
