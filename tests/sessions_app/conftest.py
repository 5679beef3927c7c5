"""The cast of most stories: a project, Alice who is at her page, and Bob who is not."""

import pytest

from tests.factories import make_agent, make_lease, make_project


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def alice(project):
    agent = make_agent(project, "Alice")
    make_lease(agent.user)
    return agent


@pytest.fixture
def bob(project):
    return make_agent(project, "Bob")
