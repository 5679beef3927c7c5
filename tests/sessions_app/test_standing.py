"""The targets of ports: presence, rights and rules that change reach pages and the line."""

import pytest

from core import clock, tx
from core.ports import port
from live.models import Event
from projects.actions import remove_agent, set_state
from projects.models import Agent, Project
from routing.actions import change_rules, pool_of
from routing.models import Pool
from sessions_app.actions.ownership import put_back
from sessions_app.actions.routing import is_due, settle_project
from sessions_app.models import ChatSession
from tests.factories import make_agent, make_member, make_project, make_session
from tests.support.team import come_online, go_away, owners, route, told, vanish

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alice(project) -> Agent:
    return make_agent(project, "Alice")


@pytest.fixture
def kicks(monkeypatch) -> list[tuple[str, dict[str, object]]]:
    """The tasks that were asked for."""
    asked: list[tuple[str, dict[str, object]]] = []
    monkeypatch.setattr("core.kick.task", lambda name, **data: asked.append((name, data)))
    return asked


def call(name: str, argument: object) -> None:
    with tx.change():
        port(name)(argument)


def codes(project: Project) -> list[str]:
    """Of the newest presence.changed."""
    return [failure["code"] for failure in told(project, "presence.changed")[-1].payload["codes"]]


def test_presence_is_told_in_each_project_of_the_person(project, alice):
    other = make_project(name="Other")
    make_agent(other, user=alice.user)
    come_online(alice)
    for place in (project, other):
        row = told(place, "presence.changed")[-1].payload
        assert (row["state"], row["status"], row["codes"]) == ("online", "online", [])


def test_a_break_is_told_with_its_code(project, alice):
    come_online(alice)
    go_away(alice)
    assert codes(project) == ["away"]


def test_who_comes_online_has_the_line_routed(project, alice, kicks):
    come_online(alice)
    assert kicks == [
        ("sessions_app.route_project", {"project_id": project.pk, "trigger": "agent_online"})
    ]


def test_who_takes_a_break_or_leaves_frees_nobody(project, alice, kicks):
    come_online(alice)
    kicks.clear()
    go_away(alice)
    vanish(alice)
    assert kicks == []


def test_a_change_of_rights_is_told_to_the_person_and_the_project(project, alice, kicks):
    alice.may_reply = False
    alice.save()
    call("projects.agents_changed", [alice.pk])
    own = Event.objects.get(stream=alice.user.public_id)
    assert (own.kind, own.payload, own.audience) == ("access.changed", {}, ["everyone"])
    assert codes(project) == ["no_reply_right", "offline"]
    assert len(told(project, "project.changed")) == 1
    assert kicks == [
        ("sessions_app.route_project", {"project_id": project.pk, "trigger": "agents_changed"})
    ]


def test_a_change_of_a_person_is_told_in_all_projects(project, alice):
    other = make_project(name="Other")
    make_agent(other, user=alice.user)
    alice.user.is_active = False
    alice.user.save()
    call("accounts.user_changed", alice.user_id)
    assert Event.objects.filter(stream=alice.user.public_id, kind="access.changed").count() == 1
    for place in (project, other):
        assert codes(place) == ["disabled", "offline"]
        assert len(told(place, "project.changed")) == 1


def test_who_has_left_has_no_presence_any_more(project, alice):
    alice.removed_at = alice.added_at
    alice.save()
    call("projects.agents_changed", [alice.pk])
    assert told(project, "presence.changed") == []
    assert told(project, "project.changed")[-1].payload["agents"] == []


def test_who_leaves_a_list_makes_it_shorter_for_those_who_are_not_on_it(project, alice):
    bob, cem = make_agent(project, "Bob"), make_agent(project, "Cem")
    change_rules(pool=pool_of(project), actor=None, scope="specified", specified=[bob, cem])
    remove_agent(agent=bob, actor=None)
    told_last = {
        event.payload["name"]: event.payload for event in told(project, "presence.changed")
    }
    assert told_last["Alice"]["codes"][0] == {"code": "not_in_scope", "evidence": {"list": 1}}


def test_new_rules_are_told_for_everybody(project, alice, kicks):
    make_agent(project, "Bob")
    Pool.objects.filter(project=project).update(scope="specified")
    call("routing.rules_changed", project.pk)
    assert told(project, "project.changed")[-1].payload["scope"] == "specified"
    rows = [event.payload for event in told(project, "presence.changed")]
    assert [row["name"] for row in rows] == ["Alice", "Bob"]
    assert codes(project) == ["not_in_scope", "offline"]
    assert [data["trigger"] for _, data in kicks] == ["rules_changed"]


# ---------------------------------------------------------------- owners who may not reply any more


@pytest.mark.parametrize("loss", ["removed", "disabled", "no_reply", "account", "membership"])
def test_sessions_leave_owners_who_may_not_reply_any_more(project, alice, loss):
    bob = make_agent(project, "Bob")
    come_online(alice, bob)
    session, other = make_session(project, owner=alice), make_session(project, owner=bob)
    take_from(alice, loss)
    assert is_due(project.pk)
    settle_project(project_id=project.pk, trigger="agents_changed")
    assert owners([session, other]) == ["Bob", "Bob"]
    first, second = session.assignments.order_by("pk")
    assert (first.ended_because, second.agent) == ("owner_removed", bob)
    assert not is_due(project.pk)


def take_from(agent: Agent, loss: str) -> None:
    if loss == "removed":
        Agent.objects.filter(pk=agent.pk).update(removed_at=agent.added_at)
    elif loss == "disabled":
        Agent.objects.filter(pk=agent.pk).update(is_enabled=False)
    elif loss == "no_reply":
        Agent.objects.filter(pk=agent.pk).update(may_reply=False)
    elif loss == "account":
        type(agent.user).objects.filter(pk=agent.user_id).update(is_active=False)
    else:
        agent.user.memberships.update(is_enabled=False)


# ---------------------------------------------------------------- what the sweep looks at


def test_nothing_is_due_without_a_line(project, alice):
    come_online(alice)
    assert not is_due(project.pk)


def test_what_nobody_has_explained_is_due(project, alice):
    make_session(project)
    assert is_due(project.pk)
    route(project)
    assert not is_due(project.pk)


def test_it_is_due_when_somebody_can_receive(project, alice):
    make_session(project)
    route(project)
    come_online(alice)
    assert is_due(project.pk)


def test_it_is_not_due_when_only_those_could_receive_who_had_it(project, alice):
    come_online(alice)
    put_back_from(alice)
    route(project)
    assert not is_due(project.pk)


def test_it_is_due_when_somebody_could_receive_what_stands_behind_the_head(project, alice):
    first, second = put_back_from(alice), make_session(project)
    route(project)
    come_online(alice)
    assert is_due(project.pk)
    route(project)
    assert owners([first, second]) == [None, "Alice"]
    assert not is_due(project.pk)


def put_back_from(agent: Agent) -> ChatSession:
    session = make_session(agent.project, owner=agent)
    manager = make_member(agent.project.company, role="manager").user
    return tx.run(put_back, session=session, actor=manager)


def test_it_is_due_when_the_reason_is_another(project, alice):
    make_session(project)
    route(project)
    go_away(alice)
    assert is_due(project.pk)


def test_what_is_too_old_is_due_once(project, alice, shift_clock):
    come_online(alice)
    session = make_session(project)
    shift_clock(8 * 86400)
    assert is_due(project.pk)
    route(project)
    assert not is_due(project.pk)
    assert ChatSession.objects.get(pk=session.pk).state == "unassigned"


def test_of_what_is_too_old_in_a_paused_project_is_said_once_that_it_is_paused(
    project, alice, shift_clock
):
    session = make_session(project)
    shift_clock(8 * 86400)
    for state, code in (("paused", "project_paused"), ("active", "too_old")):
        set_state(project=project, state=state)
        assert is_due(project.pk)
        route(project)
        assert session.attempts.latest("pk").project_code == code
        assert not is_due(project.pk)


def test_what_is_too_old_again_is_told_so_again(project, alice, shift_clock):
    session = make_session(project)
    shift_clock(2 * 86400)
    assert [told_by_age_limit(project, session, days) for days in (1, 7, 1)] == [
        "too_old",
        "",
        "too_old",
    ]


def test_who_is_not_too_old_any_more_is_told_so_far_back_in_the_line(project, alice, shift_clock):
    """Two at the head began to wait again just now, and hear nothing new."""
    heads, session = [make_session(project) for _ in range(2)], make_session(project)
    shift_clock(2 * 86400)
    for head in heads:
        ChatSession.objects.filter(pk=head.pk).update(waiting_since=clock.now())
    assert told_by_age_limit(project, session, 1) == "too_old"
    assert told_by_age_limit(project, session, 7) == ""


def told_by_age_limit(project: Project, session: ChatSession, days: int) -> str:
    Pool.objects.filter(project=project).update(too_old_days=days)
    if is_due(project.pk):
        route(project)
    return session.attempts.latest("pk").project_code
