"""projects.actions: the ordered team. Places are dense whatever happens."""

from functools import partial

import pytest

from accounts.models import AuditEntry
from core import tx
from core.errors import Refusal
from live.models import Event
from projects import actions
from projects.models import Agent
from projects.queries import access_managed_agent, team
from tests.factories import make_agent, make_company, make_member, make_project, make_user
from tests.support.threads import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project()


def names(project):
    agents = team(project)
    assert [agent.position for agent in agents] == list(range(len(agents)))
    return [agent.user.name for agent in agents]


def add(project, name, **rights):
    user = make_member(project.company, make_user(name)).user
    return actions.add_agent(project=project, user=user, actor=None, **rights)


def code(action, **how):
    with pytest.raises(Refusal) as refused:
        action(**how)
    return refused.value.code


def test_a_newcomer_stands_at_the_end(project):
    for name in ("Lena", "Ivan", "Tom"):
        add(project, name)
    assert names(project) == ["Lena", "Ivan", "Tom"]


def test_nobody_is_on_a_team_twice(project):
    lena = add(project, "Lena")
    assert code(actions.add_agent, project=project, user=lena.user, actor=None) == (
        "already_on_team"
    )
    assert names(project) == ["Lena"]


def test_only_members_of_the_company_are_on_its_teams(project):
    stranger = make_member(make_company("Globex")).user
    assert code(actions.add_agent, project=project, user=stranger, actor=None) == "not_a_member"


def test_who_leaves_keeps_his_history_and_the_list_closes_up(project):
    lena, ivan, _ = (add(project, name) for name in ("Lena", "Ivan", "Tom"))
    actions.remove_agent(agent=ivan, actor=None)
    assert names(project) == ["Lena", "Tom"]
    assert Agent.objects.get(pk=ivan.pk).removed_at
    assert code(actions.remove_agent, agent=ivan, actor=None) == "not_found"
    assert code(actions.change_agent, agent=ivan, actor=None, may_reply=True) == "not_found"


def test_who_comes_back_stands_at_the_end(project):
    lena, _ = add(project, "Lena"), add(project, "Ivan")
    actions.remove_agent(agent=lena, actor=None)
    actions.add_agent(project=project, user=lena.user, actor=None)
    assert names(project) == ["Ivan", "Lena"]


def test_the_order_is_as_given(project):
    lena, ivan, tom = (add(project, name) for name in ("Lena", "Ivan", "Tom"))
    order = [tom.public_id, lena.public_id, ivan.public_id]
    actions.reorder_agents(project=project, agent_ids=order, actor=None)
    assert names(project) == ["Tom", "Lena", "Ivan"]
    assert AuditEntry.objects.get(verb="team.reordered").data["order"] == [str(o) for o in order]


def test_an_order_of_another_team_is_refused(project):
    lena, ivan = add(project, "Lena"), add(project, "Ivan")
    stranger = make_agent(make_project(make_company("Globex")))
    wrong = [
        [],
        [lena.public_id],
        [lena.public_id, lena.public_id],
        [lena.public_id, ivan.public_id, ivan.public_id],
        [ivan.public_id, stranger.public_id],
    ]
    for order in wrong:
        how = {"project": project, "agent_ids": order, "actor": None}
        assert code(actions.reorder_agents, **how) == "other_order"
    assert names(project) == ["Lena", "Ivan"]


def test_rights_and_limit_change_and_the_pages_hear_of_it(project):
    lena = add(project, "Lena")
    actions.change_agent(agent=lena, actor=None, may_transfer=False, session_limit=4)
    lena.refresh_from_db()
    assert (lena.may_transfer, lena.session_limit, lena.may_reply) == (False, 4, True)
    kinds = Event.objects.filter(stream=lena.user.public_id).values_list("kind", flat=True)
    assert set(kinds) == {"access.changed"}


@pytest.mark.parametrize("limit", [-1, 0, 1001, 2**31, "many"])
def test_it_refuses_a_limit_that_is_none(project, limit):
    lena = add(project, "Lena")
    how = {"agent": lena, "actor": None, "session_limit": limit}
    assert code(actions.change_agent, **how) == "invalid"


def test_only_managers_reach_an_agents_place(project):
    lena = add(project, "Lena")
    manager = make_member(project.company, role="manager").user
    assert access_managed_agent(manager, lena.public_id) == lena
    others = [
        lena.user,
        make_member(project.company, role="support").user,
        make_member(make_company("Globex"), role="owner").user,
    ]
    for user in others:
        assert code(access_managed_agent, user=user, public_id=lena.public_id) == "not_found"


@pytest.mark.django_db(transaction=True)
def test_many_at_once_get_a_place_each(project):
    users = [make_member(project.company, make_user(f"U{n}")).user for n in range(6)]

    def join(user):
        return tx.run(actions.add_agent, project=project, user=user, actor=None)

    together(*(partial(join, user) for user in users))
    assert sorted(names(project)) == [f"U{n}" for n in range(6)]
