from datetime import timedelta

import pytest

from core import clock
from tests.factories import make_agent, make_bot, make_company, make_lease, make_project
from tests.support.simulated import simulator, telegram

__all__ = ["simulator", "telegram"]


@pytest.fixture
def project():
    """All is well: the bot is read, and Lena is there and may be notified."""
    project = make_project(make_company("Acme"), name="Help", time_zone="Asia/Tokyo")
    now = clock.now()
    make_bot(
        project,
        username="help_bot",
        last_read_at=now,
        lease_expires_at=now + timedelta(hours=1),
        connected_at=now - timedelta(days=1),
    )
    lena = make_agent(project, "Lena")
    make_lease(lena.user, notify="granted")
    return project


@pytest.fixture
def bot(project):
    return project.bot


@pytest.fixture
def lena(project):
    return project.agents.get()


@pytest.fixture
def lease(lena):
    return lena.user.leases.get()
