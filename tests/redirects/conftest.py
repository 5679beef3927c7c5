import pytest

from tests.factories import make_bot, make_link, make_project


@pytest.fixture
def project():
    project = make_project()
    make_bot(project, username="acme_bot")
    return project


@pytest.fixture
def link(project):
    return make_link(project, campaign="spring")
