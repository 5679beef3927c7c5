"""routing.actions: the rules of a pool."""

import pytest

from accounts.models import AuditEntry
from core.errors import Refusal
from projects.models import Project
from routing.actions import change_rules, pool_of
from routing.models import Pool
from tests.factories import make_agent, make_member, make_project, make_user
from tests.support.threads import together

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
    assert entry.data == {
        "mode": "online_first",
        "too_old_days": 3,
        "project": str(project.public_id),
        "version": 2,
    }
    assert told == [project.pk]


def test_the_list_is_changed_with_them(project, told):
    agents = [make_agent(project, name) for name in ("Alice", "Bob")]
    change_rules(pool=project.pool, actor=None, scope="specified", specified=[agents[1]])
    assert list(project.pool.specified.all()) == [agents[1]]
    data = AuditEntry.objects.get().data
    assert (data["scope"], data["specified"]) == ("specified", ["Bob"])


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


# ---------------------------------------------------------------- two managers at once


def test_who_saves_what_was_shown_before_is_told_what_the_other_changed(project, told):
    marek, lena = (make_member(project.company, make_user(name)).user for name in ("Marek", "Lena"))
    agent = make_agent(project, "Ivan")
    seen = project.pool.version
    change_rules(
        pool=project.pool,
        actor=marek,
        seen=seen,
        mode="online_first",
        hidden_pages_receive=False,
        specified=[agent],
    )
    with pytest.raises(Refusal) as refusal:
        change_rules(pool=project.pool, actor=lena, seen=seen, mode="round_robin", too_old_days=3)
    assert refusal.value.code == "changed_meanwhile"
    said = str(refusal.value.message)
    assert "Marek" in said
    for change in ("mode: Online-First", "hidden pages receive: off", "who receives: Ivan"):
        assert change in said
    pool = Pool.objects.get(project=project)
    assert (pool.mode, pool.too_old_days, pool.version) == ("online_first", 7, seen + 1)
    assert told == [project.pk]


def test_only_what_was_changed_since_is_told(project, told):
    change_rules(pool=project.pool, actor=None, too_old_days=3)
    seen = Pool.objects.get(project=project).version
    change_rules(pool=project.pool, actor=None, answer_within_min=5)
    other = make_project(project.company, name=project.name)
    change_rules(pool=other.pool, actor=None, mode="online_first")
    with pytest.raises(Refusal) as refusal:
        change_rules(pool=project.pool, actor=None, seen=seen, too_old_days=4)
    said = str(refusal.value.message)
    assert "answer within (minutes): 5" in said
    assert "waiting longest" not in said
    assert "Online-First" not in said


def test_of_two_at_the_same_moment_one_is_told(project):
    seen = project.pool.version

    def save(**rules):
        try:
            change_rules(pool=project.pool, actor=None, seen=seen, **rules)
        except Refusal as refusal:
            return refusal.code
        return "saved"

    results = together(lambda: save(mode="online_first"), lambda: save(too_old_days=3))
    assert sorted(results) == ["changed_meanwhile", "saved"]
    pool = Pool.objects.get(project=project)
    assert (pool.mode == "online_first") != (pool.too_old_days == 3)
    assert pool.version == seen + 1
