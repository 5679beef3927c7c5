"""projects.actions: what a project may be called and set to, and who reaches it."""

from contextlib import suppress

import pytest

from accounts.models import AuditEntry
from core.errors import Refusal
from live.models import Event
from projects import actions
from projects.models import Project
from projects.queries import (
    access_managed_project,
    access_project,
    agent_of,
    is_managing,
    projects_of,
)
from tests.factories import make_agent, make_company, make_member, make_project, make_user

pytestmark = pytest.mark.django_db


def reached(access, user, project):
    with suppress(Refusal):
        return access(user, project.public_id) == project
    return False


def test_a_new_project_is_a_draft():
    alice = make_user("Alice")
    project = actions.create_project(
        company=make_company(), name=" Help ", actor=alice, time_zone="Asia/Shanghai"
    )
    project.refresh_from_db()
    assert (project.name, project.state, project.time_zone) == ("Help", "draft", "Asia/Shanghai")
    assert AuditEntry.objects.get().actor == alice
    assert Event.objects.get(stream=project.public_id).payload["name"] == "Help"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "H" * 31},
        {"name": "He\x00lp"},
        {"name": "He\nlp"},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "../../etc/passwd"},
        {"language": "tlh"},
        {"open_with": "magic"},
        {"uncertain_policy": "pray"},
        {"send_within_s": -1},
        {"send_within_s": "soon"},
        {"remark": "r" * 201},
    ],
)
def test_it_refuses_nonsense_new_and_changed(wrong):
    with pytest.raises(Refusal) as refused:
        actions.create_project(company=make_company(), actor=None, **{"name": "Help", **wrong})
    assert (refused.value.code, list(refused.value.data)) == ("invalid", list(wrong))
    project = make_project()
    with pytest.raises(Refusal):
        actions.change_project(project=project, actor=None, **wrong)
    assert Project.objects.get().name == "Help"


def test_what_is_no_setting_cannot_be_set():
    with pytest.raises(TypeError):
        actions.change_project(project=make_project(), actor=None, state="active")


def test_who_reaches_what():
    project = make_project()
    company, other = project.company, make_company("Globex")
    agent = make_agent(project).user
    off_team = make_member(company, role="agent").user
    assert reached(access_project, agent, project)
    assert not reached(access_project, off_team, project)
    for role, sees, manages in [
        ("owner", True, True),
        ("manager", True, True),
        ("support", True, False),
    ]:
        user = make_member(company, role=role).user
        assert reached(access_project, user, project) is sees
        assert reached(access_managed_project, user, project) is manages
        assert is_managing(user, project) is manages
        stranger = make_member(other, role=role).user
        for access in (access_project, access_managed_project):
            assert not reached(access, stranger, project)


def test_an_archived_project_is_out_of_reach():
    project = make_project()
    owner = make_member(project.company, role="owner").user
    agent = make_agent(project).user
    actions.archive_project(project=project, actor=owner)
    assert not reached(access_project, agent, project)
    assert not reached(access_managed_project, owner, project)
    assert projects_of(agent) == []


@pytest.mark.parametrize("ending", ["removed", "disabled here", "no member", "account"])
def test_an_agent_who_may_not_work_here_does_not_reach_it(ending):
    agent = make_agent(make_project())
    user, project = agent.user, agent.project
    if ending == "removed":
        actions.remove_agent(agent=agent, actor=None)
    elif ending == "disabled here":
        actions.change_agent(agent=agent, actor=None, is_enabled=False)
    elif ending == "no member":
        user.memberships.update(is_enabled=False)
    else:
        user.is_active = False
        user.save()
    assert not reached(access_project, user, project)
    assert agent_of(user, project) is None
