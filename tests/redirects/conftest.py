import pytest

from redirects import opening
from tests.factories import make_bot, make_link, make_project


@pytest.fixture(autouse=True)
def _nobody_yet(monkeypatch):
    """All tests visit from the same address."""
    monkeypatch.setattr(opening, "crowd", opening.Crowd())


@pytest.fixture
def project():
    project = make_project()
    make_bot(project, username="acme_bot")
    return project


@pytest.fixture
def link(project):
    return make_link(project, campaign="spring")
