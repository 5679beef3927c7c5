"""The routing rules as managers set them, and who is next by them."""

import pytest

from accounts.models import AuditEntry
from projects.models import Project
from routing.models import Pool, Turn
from tests.factories import (
    make_agent,
    make_bot,
    make_company,
    make_lease,
    make_member,
    make_project,
    make_session,
)
from tests.support.api import browser

pytestmark = pytest.mark.django_db(transaction=True)

RULES = {
    "mode": "round_robin",
    "scope": "all",
    "ties": "least_recent",
    "returning": "fresh",
    "vanished": "release",
    "hidden_pages_receive": "on",
    "too_old_days": "7",
}


@pytest.fixture
def project():
    project = make_project(make_company("Acme"), name="Help")
    make_bot(project)
    return project


@pytest.fixture
def manager(project):
    return make_member(project.company, role="manager").user


@pytest.fixture
def client(manager):
    return browser(manager)


@pytest.fixture
def trio(project):
    agents = [make_agent(project, name) for name in ("Alice", "Bob", "Cleo")]
    for agent in agents:
        make_lease(agent.user)
    return agents


def page_of(client, project):
    return client.get(f"/console/projects/{project.public_id}/rules/")


def save(client, project, **sent):
    given = {name: value for name, value in (RULES | sent).items() if value is not None}
    return client.post(f"/console/projects/{project.public_id}/rules/", given)


def errors_of(answer):
    assert answer.status_code == 200
    return list(answer.context["form"].errors)


# ---------------------------------------------------------------- saving


def test_it_saves_the_rules_and_records_what_was_changed(client, manager, project):
    answer = save(client, project, mode="online_first", ties="random", hidden_pages_receive=None)
    assert answer.status_code == 302
    pool = Pool.objects.get(project=project)
    assert (pool.mode, pool.ties, pool.hidden_pages_receive) == ("online_first", "random", False)
    entry = AuditEntry.objects.get(verb="rules.changed")
    assert entry.actor == manager
    assert entry.data == {"mode": "online_first", "ties": "random", "hidden_pages_receive": False}


def test_it_saves_the_list_of_specified_agents(client, project, trio):
    chosen = [str(trio[0].public_id), str(trio[2].public_id)]
    assert save(client, project, scope="specified", specified=chosen).status_code == 302
    pool = Pool.objects.get(project=project)
    assert set(pool.specified.all()) == {trio[0], trio[2]}
    boxes = page_of(client, project).content.decode()
    assert boxes.count('name="specified"') == 3
    assert boxes.count("checked") == 2 + 3  # mode, scope, hidden pages


def test_saving_what_is_so_already_records_nothing(client, project):
    assert save(client, project).status_code == 302
    assert not AuditEntry.objects.exists()


def test_a_project_without_stored_rules_has_the_usual_ones(client, project, trio):
    Pool.objects.all().delete()
    assert page_of(client, project).context["next"] == ["Alice"]
    assert save(client, project, returning="former").status_code == 302
    assert Pool.objects.get(project=project).returning == "former"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("mode", "lottery"),
        ("mode", ""),
        ("scope", "some"),
        ("ties", "\x00"),
        ("returning", "never"),
        ("vanished", None),
        ("too_old_days", "0"),
        ("too_old_days", "-1"),
        ("too_old_days", "366"),
        ("too_old_days", "a week"),
    ],
)
def test_it_names_a_rule_that_makes_no_sense(client, project, field, value):
    assert errors_of(save(client, project, **{field: value})) == [field]
    assert not AuditEntry.objects.exists()


def test_specified_agents_need_an_agent(client, project, trio):
    assert errors_of(save(client, project, scope="specified")) == ["specified"]


def test_agents_of_other_projects_cannot_be_specified(client, project, trio):
    stranger = make_agent(make_project(project.company), "Stranger")
    for value in (str(stranger.public_id), "nonsense", str(trio[0].pk)):
        assert "specified" in errors_of(save(client, project, scope="specified", specified=[value]))


def test_a_removed_agent_leaves_the_list_when_it_is_saved(client, project, trio):
    pool = Pool.objects.get(project=project)
    pool.specified.set(trio)
    client.post(f"/console/agents/{trio[1].public_id}/remove/")
    save(client, project, scope="specified", specified=[str(trio[0].public_id)])
    assert list(pool.specified.all()) == [trio[0]]


# ---------------------------------------------------------------- who is next


def next_of(client, project):
    return page_of(client, project).context["next"]


def test_round_robin_goes_down_the_list_after_the_one_served_last(client, project, trio):
    assert next_of(client, project) == ["Alice"]
    Pool.objects.update(cursor_agent=trio[0])
    assert next_of(client, project) == ["Bob"]
    Pool.objects.update(cursor_agent=trio[2])
    assert next_of(client, project) == ["Alice"]


def test_it_skips_who_cannot_receive_and_says_why(client, project, trio):
    trio[0].may_reply = False
    trio[0].save()
    assert next_of(client, project) == ["Bob"]
    assert "may not reply" in page_of(client, project).content.decode()


def test_online_first_takes_the_fewest_open_sessions(client, project, trio):
    Pool.objects.update(mode="online_first")
    make_session(project, owner=trio[0])
    Turn.objects.create(pool=Pool.objects.get(), agent=trio[1], number=9)
    assert next_of(client, project) == ["Cleo"]


def test_ties_that_are_drawn_name_everybody_in_the_draw(client, project, trio):
    Pool.objects.update(mode="online_first", ties="random")
    make_session(project, owner=trio[1])
    assert next_of(client, project) == ["Alice", "Cleo"]
    assert "next: Alice or Cleo" in page_of(client, project).content.decode()


@pytest.mark.parametrize("state", ["paused", "bot_invalid"])
def test_nobody_is_next_while_nothing_is_routed(client, project, trio, state):
    Project.objects.update(state=state)
    assert next_of(client, project) == []
    assert "next: nobody" in page_of(client, project).content.decode()


def test_nobody_is_next_where_nobody_can_receive(client, project):
    make_agent(project, "Alice")
    Pool.objects.update(mode="online_first", ties="random")
    assert next_of(client, project) == []
