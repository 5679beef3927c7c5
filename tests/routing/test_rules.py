"""routing.actions: the rules of a pool."""

import pytest

from accounts.models import AuditEntry
from core.errors import Refusal
from projects.models import Project
from routing.actions import change_rules, pool_of
from routing.models import Pool
from tests.factories import make_agent, make_member, make_project

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def told(monkeypatch) -> list[int]:
    """Of which projects the apps above were told new rules."""
    calls: list[int] = []
    monkeypatch.setattr("routing.ports.rules_changed", calls.append)
    return calls


@pytest.fixture
def project() -> Project:
    return make_project()


def test_rules_are_changed_audited_and_told(project, told):
    owner = make_member(project.company, role="owner").user
    change_rules(pool=project.pool, actor=owner, mode="online_first", too_old_days=3)
    pool = Pool.objects.get(project=project)
    assert (pool.mode, pool.too_old_days, pool.scope) == ("online_first", 3, "all")
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.verb, entry.company) == (owner, "rules.changed", project.company)
    assert entry.data == {"mode": "online_first", "too_old_days": 3}
    assert told == [project.pk]


def test_the_list_is_changed_with_them(project, told):
    agents = [make_agent(project, name) for name in ("Alice", "Bob")]
    change_rules(pool=project.pool, actor=None, scope="specified", specified=[agents[1]])
    assert list(project.pool.specified.all()) == [agents[1]]
    assert AuditEntry.objects.get().data == {"scope": "specified", "specified": ["Bob"]}


def test_the_list_stays_if_it_is_not_named(project, told):
    project.pool.specified.set([make_agent(project)])
    change_rules(pool=project.pool, actor=None, scope="specified")
    assert project.pool.specified.count() == 1


def test_agents_of_other_projects_are_refused(project, told):
    stranger = make_agent(make_project(name="Other"))
    with pytest.raises(Refusal, match="invalid"):
        change_rules(pool=project.pool, actor=None, scope="specified", specified=[stranger])
    assert Pool.objects.get(project=project).scope == "all"
    assert told == []


def test_what_is_no_rule_is_not_set(project, told):
    with pytest.raises(TypeError, match="turn"):
        change_rules(pool=project.pool, actor=None, turn=7)


def test_a_project_without_rules_gets_the_defaults(project):
    project.pool.delete()
    pool = pool_of(Project.objects.get(pk=project.pk))
    assert (pool.mode, pool.scope, pool.vanished) == ("round_robin", "all", "release")
