"""The team: who is on it, in which order, with which rights."""

import re
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import Membership, User
from projects.models import Agent
from tests.factories import (
    make_agent,
    make_company,
    make_lease,
    make_member,
    make_project,
    make_user,
)
from tests.support.api import browser
from tests.support.team import off_hours

pytestmark = pytest.mark.django_db

LINK = "/welcome/"


@pytest.fixture
def project():
    return make_project(make_company("Acme"), name="Help")


@pytest.fixture
def manager(project):
    return make_member(project.company, role="manager").user


@pytest.fixture
def client(manager):
    return browser(manager)


@pytest.fixture
def trio(project):
    return [make_agent(project, name) for name in ("Alice", "Bob", "Cleo")]


def team_page(project):
    return f"/console/projects/{project.public_id}/team/"


def add(client, project, email, name="New Person"):
    return client.post(team_page(project), {"email": email, "name": name})


def names(project):
    team = Agent.objects.on_team().filter(project=project)
    return [agent.user.name for agent in team]


def errors_of(answer):
    assert answer.status_code == 200
    return dict(answer.context["form"].errors)


def told(answer):
    return [str(message) for message in answer.context["messages"]]


# ---------------------------------------------------------------- adding


def test_a_new_person_gets_a_link_that_is_shown_once(client, project):
    answer = add(client, project, "Nina@Acme.example", "Nina")
    link = answer.context["link"]
    assert link.startswith(f"http://testserver{LINK}")
    assert link in answer.content.decode()
    nina = User.objects.get(email="nina@acme.example")
    assert not nina.has_usable_password()
    assert nina.memberships.get().role == "agent"
    assert names(project) == ["Nina"]
    assert LINK not in client.get(team_page(project)).content.decode()


def test_the_link_lets_the_new_person_in(client, project):
    link = add(client, project, "nina@acme.example").context["link"]
    password = "correct horse battery"
    visitor = Client()
    visitor.post(link, {"new_password1": password, "new_password2": password})
    assert User.objects.get(email="nina@acme.example").check_password(password)
    assert visitor.get(link).status_code == 404


def test_a_new_link_can_be_made_until_a_password_is_chosen(client, project):
    add(client, project, "nina@acme.example")
    agent = Agent.objects.get()
    again = client.post(f"/console/agents/{agent.public_id}/link/")
    assert LINK in again.context["link"]
    agent.user.set_password("correct horse battery")
    agent.user.save()
    refused = client.post(f"/console/agents/{agent.public_id}/link/", follow=True)
    assert LINK not in refused.content.decode()
    assert len(told(refused)) == 1


def test_somebody_of_the_company_is_taken_as_they_are(client, project):
    dora = make_member(project.company, make_user("Dora", password="x"), role="manager").user
    answer = add(client, project, dora.email.upper(), "Another Name")
    assert answer["Location"] == team_page(project)
    assert names(project) == ["Dora"]
    assert dora.memberships.get().role == "manager"
    assert User.objects.filter(email=dora.email).count() == 1


def test_somebody_from_outside_becomes_a_member_and_nothing_is_told_of_them(client, project):
    other = make_project(make_company("Rival Ltd"))
    eve = make_agent(other, "Eve").user
    eve.set_password("x")
    eve.save()
    answer = client.post(team_page(project), {"email": eve.email, "name": "Whoever"}, follow=True)
    assert names(project) == ["Eve"]
    assert Membership.objects.get(user=eve, company=project.company).role == "agent"
    assert "Rival" not in answer.content.decode()
    assert LINK not in answer.content.decode()


def test_nobody_gets_a_link_to_become_someone_who_works_elsewhere(client, project):
    eve = make_agent(make_project(make_company("Rival Ltd")), "Eve").user
    answer = client.post(team_page(project), {"email": eve.email, "name": "Eve"}, follow=True)
    assert names(project) == ["Eve"]
    assert LINK not in answer.content.decode()


def test_a_former_member_is_let_in_again_with_the_role_they_had(client, project):
    former = make_member(project.company, role="manager", is_enabled=False)
    add(client, project, former.user.email)
    former.refresh_from_db()
    assert (former.is_enabled, former.role) == (True, "manager")


def test_a_manager_does_not_bring_a_disabled_owner_back(client, project):
    make_member(project.company, role="owner")
    former = make_member(project.company, role="owner", is_enabled=False)
    assert "__all__" in errors_of(add(client, project, former.user.email))
    former.refresh_from_db()
    assert (former.is_enabled, names(project)) == (False, [])


def test_nobody_is_on_a_team_twice(client, project, trio):
    errors = errors_of(add(client, project, trio[0].user.email))
    assert errors["__all__"] == ["This person is on the team already."]
    assert len(names(project)) == 3


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", ""),
        ("email", "nina"),
        ("email", "ni\x00na@acme.example"),
        ("email", "n" * 250 + "@acme.example"),
        ("name", ""),
        ("name", "x" * 81),
        ("name", "Ni\x00na"),
    ],
)
def test_it_names_what_is_wrong_about_a_new_agent(client, project, field, value):
    given = {"email": "nina@acme.example", "name": "Nina"} | {field: value}
    assert list(errors_of(client.post(team_page(project), given))) == [field]
    assert not Agent.objects.exists()
    assert not User.objects.filter(name="Nina").exists()


# ---------------------------------------------------------------- order


def move(client, project, agents, *, seen=None, **way):
    """Send this order from a page that shows the list as it is, or as it was when `seen`."""
    order = [str(agent.public_id) for agent in agents]
    address = f"/console/projects/{project.public_id}/team/order/"
    sent = {"order": order, "seen": seen or seen_by(client, project), **way}
    return client.post(address, sent, follow=True)


def seen_by(client, project):
    page = client.get(team_page(project)).content.decode()
    return re.search(r'name="seen" value="([^"]*)"', page)[1]


def test_it_moves_an_agent_up_and_down(client, project, trio):
    alice, _bob, cleo = trio
    move(client, project, trio, up=str(cleo.public_id))
    assert names(project) == ["Alice", "Cleo", "Bob"]
    trio[1], trio[2] = trio[2], trio[1]
    move(client, project, trio, down=str(alice.public_id))
    assert names(project) == ["Cleo", "Alice", "Bob"]


def test_the_first_and_the_last_stay_where_they_are(client, project, trio):
    move(client, project, trio, up=str(trio[0].public_id))
    move(client, project, trio, down=str(trio[2].public_id))
    assert names(project) == ["Alice", "Bob", "Cleo"]


def test_it_takes_an_order_as_it_was_dragged(client, project, trio):
    move(client, project, reversed(trio))
    assert names(project) == ["Cleo", "Bob", "Alice"]


def test_who_orders_a_list_that_another_has_ordered_is_told(client, project, trio):
    alice, bob, cleo = trio
    seen = seen_by(client, project)
    move(client, project, [cleo, alice, bob])
    answer = move(client, project, [alice, cleo, bob], seen=seen)
    assert names(project) == ["Cleo", "Alice", "Bob"]
    assert told(answer) == [
        "Somebody has ordered the list meanwhile: Cleo, Alice, Bob. Your order is not saved."
    ]
    answer = move(client, project, trio, seen=seen, up=str(bob.public_id))
    assert names(project) == ["Cleo", "Alice", "Bob"]


def test_an_order_of_a_team_that_has_changed_is_refused(client, project, trio):
    make_agent(project, "Dora")
    answer = move(client, project, reversed(trio))
    assert names(project) == ["Alice", "Bob", "Cleo", "Dora"]
    assert told(answer) == [
        "The team has changed meanwhile. Look at the list again, then order it."
    ]


@pytest.mark.parametrize(
    "sent",
    [
        {"order": ["nonsense"]},
        {"order": []},
        {"order": [str(uuid4())]},
        {"order": [str(uuid4())], "up": str(uuid4())},
        {"order": [str(uuid4())], "down": "\x00"},
    ],
)
def test_an_order_that_cannot_be_read_changes_nothing(client, project, trio, sent):
    address = f"/console/projects/{project.public_id}/team/order/"
    answer = client.post(address, sent, follow=True)
    assert names(project) == ["Alice", "Bob", "Cleo"]
    assert len(told(answer)) == 1


def test_an_agent_of_another_project_is_no_part_of_the_order(client, project, trio):
    stranger = make_agent(make_project(project.company), "Stranger")
    move(client, project, [*trio[:2], stranger])
    assert names(project) == ["Alice", "Bob", "Cleo"]


# ---------------------------------------------------------------- removal


def test_it_asks_before_it_removes(client, project, trio):
    address = f"/console/agents/{trio[1].public_id}/remove/"
    assert "Bob" in client.get(address).content.decode()
    assert len(names(project)) == 3


def test_it_removes_an_agent_and_closes_the_list_up(client, project, trio):
    answer = client.post(f"/console/agents/{trio[1].public_id}/remove/", follow=True)
    assert told(answer) == ["Bob is no longer on the team."]
    assert names(project) == ["Alice", "Cleo"]
    places = Agent.objects.on_team().filter(project=project).values_list("position", flat=True)
    assert list(places) == [0, 1]


def test_who_was_removed_is_there_no_more_and_can_be_added_again(client, project, trio):
    address = f"/console/agents/{trio[1].public_id}/remove/"
    client.post(address)
    assert client.post(address).status_code == 404
    add(client, project, trio[1].user.email)
    assert names(project) == ["Alice", "Cleo", "Bob"]


# ---------------------------------------------------------------- what it says


def test_it_says_of_each_agent_whether_they_can_receive(client, project, trio):
    make_lease(trio[0].user)
    page = client.get(team_page(project)).content.decode()
    assert (page.count("can receive"), page.count(" open ·")) == (1, 1)
    assert page.count("has never been here") == 2


def test_an_empty_team_says_what_to_do(client, project):
    assert "Add the first agent" in client.get(team_page(project)).content.decode()


def test_the_list_says_from_when_they_work(client, project, trio):
    make_lease(trio[0].user)
    off_hours(trio[0])
    page = client.get(team_page(project)).content.decode()
    assert re.search(r"off work until [A-Z][a-z]{2} 12:00", page)
