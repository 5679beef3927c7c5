"""Owners and managers have a console, of their own companies; to everybody else it is not there."""

import pytest
from django.test import Client

from tests.factories import make_agent, make_bot, make_company, make_member, make_project
from tests.support.api import browser

pytestmark = pytest.mark.django_db

PAGES = ("", "now/", "doctor/", "doctor/now/", "rules/", "team/", "bot/", "settings/")
ACTS = ("pause/", "resume/", "team/order/", "doctor/ask/")


@pytest.fixture
def project():
    project = make_project(make_company("Acme"), name="Help")
    make_bot(project)
    return project


@pytest.fixture
def agent(project):
    return make_agent(project, "Alice")


def addresses(project, agent):
    return [
        *(f"/console/projects/{project.public_id}/{page}" for page in PAGES),
        *(f"/console/agents/{agent.public_id}/{page}" for page in ("", "remove/")),
        f"/console/companies/{project.company.public_id}/",
        f"/console/companies/{project.company.public_id}/new/",
    ]


def acts(project, agent):
    return [
        *(f"/console/projects/{project.public_id}/{act}" for act in ACTS),
        f"/console/agents/{agent.public_id}/link/",
        f"/console/agents/{agent.public_id}/remove/",
    ]


@pytest.mark.parametrize("role", ["owner", "manager"])
def test_it_shows_every_page_to_who_manages_the_company(project, agent, role):
    client = browser(make_member(project.company, role=role).user)
    for address in addresses(project, agent):
        assert client.get(address).status_code == 200, address


@pytest.mark.parametrize("role", ["agent", "support"])
def test_it_is_not_there_for_other_members(project, agent, role):
    refused_everywhere(browser(make_member(project.company, role=role).user), project, agent)


def test_it_is_not_there_for_an_agent_of_the_team(project, agent):
    refused_everywhere(browser(agent.user), project, agent)


def test_it_is_not_there_for_managers_of_another_company(project, agent):
    refused_everywhere(browser(make_member(make_company(), role="owner").user), project, agent)


def test_it_is_not_there_for_a_manager_who_was_disabled(project, agent):
    manager = make_member(project.company, role="manager", is_enabled=False).user
    refused_everywhere(browser(manager), project, agent)


def refused_everywhere(client, project, agent):
    for address in addresses(project, agent):
        assert client.get(address).status_code == 404, address
    for address in acts(project, agent):
        assert client.post(address).status_code == 404, address
    project.refresh_from_db()
    agent.refresh_from_db()
    assert (project.state, agent.removed_at) == ("active", None)


def test_missing_and_forbidden_look_alike(project, agent):
    client = browser(make_member(make_company(), role="owner").user)
    forbidden = client.get(f"/console/projects/{project.public_id}/")
    missing = client.get(f"/console/projects/{agent.public_id}/")
    assert forbidden.status_code == missing.status_code == 404
    assert forbidden.content == missing.content


def test_it_asks_who_is_signed_out_to_sign_in(project, agent):
    for address in addresses(project, agent):
        answer = Client().get(address)
        assert (answer.status_code, answer["Location"]) == (302, f"/sign-in/?next={address}")


def test_what_changes_something_takes_no_get(project, agent):
    client = browser(make_member(project.company, role="owner").user)
    for address in acts(project, agent)[:-1]:
        assert client.get(address).status_code == 405


def test_every_post_needs_the_token_of_its_page(project, agent):
    client = browser(make_member(project.company, role="owner").user, enforce_csrf_checks=True)
    for address in acts(project, agent):
        assert client.post(address).status_code == 403
    project.refresh_from_db()
    assert project.state == "active"


def test_no_page_is_kept_by_a_browser_or_a_proxy(project, agent):
    client = browser(make_member(project.company, role="owner").user)
    for address in addresses(project, agent):
        assert "no-store" in client.get(address)["Cache-Control"]


# ---------------------------------------------------------------- where one is led


def test_it_leads_a_manager_to_the_first_project(project):
    make_project(project.company, name="Zebra")
    owner = make_member(project.company, role="owner").user
    assert browser(owner).get("/console/")["Location"] == f"/console/projects/{project.public_id}/"


def test_it_leads_the_owner_of_an_empty_company_to_the_first_step():
    company = make_company("New Ltd")
    client = browser(make_member(company, role="owner").user)
    answer = client.get("/console/", follow=True)
    assert answer.redirect_chain == [(f"/console/companies/{company.public_id}/", 302)]
    assert f"/console/companies/{company.public_id}/new/" in answer.content.decode()


def test_it_leads_an_agent_to_the_agents_page(agent):
    assert browser(agent.user).get("/console/")["Location"] == "/app/"


def test_it_offers_all_projects_of_all_managed_companies_and_no_others(project):
    manager = make_member(project.company, role="manager").user
    second = make_project(make_company("Second Ltd"), name="Second help")
    make_member(second.company, manager, role="owner")
    hidden = make_project(make_company("Third Ltd"), name="Third help")
    make_member(hidden.company, manager, role="agent")
    page = browser(manager).get(f"/console/projects/{project.public_id}/").content.decode()
    assert f"/console/projects/{second.public_id}/" in page
    assert "Second Ltd" in page
    assert "Third" not in page
