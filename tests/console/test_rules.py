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
    make_user,
)
from tests.support.api import browser
from tests.support.rules import address, press

pytestmark = pytest.mark.django_db(transaction=True)


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
    return client.get(address(project))


def save(client, project, **sent):
    return press(client, project, "save", **sent)


def errors_of(answer):
    assert answer.status_code == 200
    return list(answer.context["form"].errors)


# ---------------------------------------------------------------- saving


def test_it_saves_the_rules_and_records_what_was_changed(client, manager, project, trio):
    answer = save(client, project, mode="online_first", ties="random", hidden_pages_receive=None)
    assert answer.status_code == 302
    pool = Pool.objects.get(project=project)
    assert (pool.mode, pool.ties, pool.hidden_pages_receive) == ("online_first", "random", False)
    entry = AuditEntry.objects.get(verb="rules.changed")
    assert entry.actor == manager
    assert entry.data == {
        "mode": "online_first",
        "ties": "random",
        "hidden_pages_receive": False,
        "project": str(project.public_id),
        "version": 2,
    }


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
        ("answer_within_min", "0"),
        ("answer_within_min", "1"),
        ("answer_within_min", "1441"),
        ("version", "x"),
        ("version", None),
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


def test_answer_within_is_switched_on_and_off(client, project):
    assert save(client, project, answer_within_min="5").status_code == 302
    assert Pool.objects.get(project=project).answer_within_min == 5
    assert save(client, project).status_code == 302
    assert Pool.objects.get(project=project).answer_within_min is None


# ---------------------------------------------------------------- two managers at once


@pytest.fixture
def marek(project):
    return browser(make_member(project.company, make_user("Marek"), role="manager").user)


def test_the_second_is_told_and_overwrites_nothing(client, marek, project, trio):
    seen = page_of(client, project)
    chosen = [str(trio[0].public_id)]
    save(marek, project, mode="online_first", scope="specified", specified=chosen)
    answer = save(client, project, page=seen, returning="former")
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "Marek saved these rules while you had them open" in page
    assert "mode: Online-First; scope: Specified Agents; who receives: Alice" in page
    pool = Pool.objects.get(project=project)
    assert (pool.mode, pool.returning) == ("online_first", "fresh")
    # the form has the rules of now with this manager's own change, and saves just that
    form = answer.context["form"]
    now = {"mode": "online_first", "scope": "specified", "specified": chosen}
    assert {name: form[name].value() for name in now} == now | {"specified": [trio[0].public_id]}
    assert form["returning"].value() == "former"
    assert save(client, project, page=answer, returning="former", **now).status_code == 302
    pool.refresh_from_db()
    assert (pool.mode, pool.scope, pool.returning) == ("online_first", "specified", "former")
    assert AuditEntry.objects.order_by("pk").last().data.keys() == {
        "returning",
        "project",
        "version",
    }


def test_who_changes_nothing_is_not_bothered(client, marek, project):
    seen = page_of(client, project)
    save(marek, project, mode="online_first")
    assert save(client, project, page=seen).status_code == 302
    assert Pool.objects.get(project=project).mode == "online_first"


def test_a_form_that_was_wrong_first_still_knows_what_it_has_shown(client, marek, project):
    seen = page_of(client, project)
    wrong = save(client, project, page=seen, too_old_days="0")
    save(marek, project, mode="online_first")
    answer = save(client, project, page=wrong, too_old_days="3")
    assert "Marek saved" in answer.content.decode()
    assert Pool.objects.get(project=project).too_old_days == 7


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
    assert "Alice or Cleo" in page_of(client, project).content.decode()


@pytest.mark.parametrize("state", ["paused", "bot_invalid"])
def test_nobody_is_next_while_nothing_is_routed(client, project, trio, state):
    Project.objects.update(state=state)
    assert next_of(client, project) == []
    assert ">Nobody<" in page_of(client, project).content.decode()


def test_nobody_is_next_where_nobody_can_receive(client, project):
    make_agent(project, "Alice")
    Pool.objects.update(mode="online_first", ties="random")
    assert next_of(client, project) == []
