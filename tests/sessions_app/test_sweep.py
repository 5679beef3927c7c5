"""The clock finds what a lost kick has left."""

import pytest

from core.ticks import jobs
from projects.actions import change_agent, remove_agent
from routing.actions import change_rules
from routing.models import Lease
from sessions_app import tasks
from sessions_app.actions import routing
from tests.factories import make_agent, make_project, make_session
from tests.support.team import come_online, owners, route, told

pytestmark = pytest.mark.django_db(transaction=True)


def sweep() -> None:
    jobs["sessions_app.sweep"].function()


def test_it_gives_out_what_waits(project):
    alice = make_agent(project, "Alice")
    session = make_session(project)
    sweep()
    assert owners([session]) == [None]
    come_online(alice)
    sweep()
    assert owners([session]) == ["Alice"]
    assert [one.trigger for one in session.attempts.order_by("pk")] == ["sweep", "sweep"]


def test_while_nothing_changes_it_writes_nothing(project):
    make_agent(project, "Alice")
    session = make_session(project)
    for _ in range(3):
        sweep()
    assert session.attempts.get().count == 1


def test_it_sees_leases_run_out_and_owners_gone(project, shift_clock):
    alice = make_agent(project, "Alice")
    come_online(alice)
    session = make_session(project)
    route(project)
    shift_clock(91)
    sweep()
    assert not Lease.objects.exists()
    assert told(project, "presence.changed")[-1].payload["state"] == "offline"
    shift_clock(61)
    sweep()
    assert owners([session]) == [None]


def test_a_fault_in_one_project_holds_up_no_other(project, monkeypatch, caplog):
    other = make_project(name="Other")
    bob = make_agent(other, "Bob")
    come_online(bob)
    make_session(project)
    session = make_session(other)
    settle = routing.settle_project

    def faulty(*, project_id: int, trigger: str) -> int:
        if project_id == project.pk:
            raise ZeroDivisionError
        return settle(project_id=project_id, trigger=trigger)

    monkeypatch.setattr(routing, "settle_project", faulty)
    sweep()
    assert owners([session]) == ["Bob"]
    assert f"settle({project.pk}) failed" in caplog.text


def test_the_task_takes_from_a_removed_agent_and_routes_at_once(project):
    alice, bob = make_agent(project, "Alice"), make_agent(project, "Bob")
    come_online(alice, bob)
    session = make_session(project, owner=alice)
    remove_agent(agent=alice, actor=None)
    tasks.route_project(project_id=project.pk, trigger="agents_changed")
    assert owners([session]) == ["Bob"]


def test_a_higher_limit_lets_the_line_go_on(project):
    alice = make_agent(project, "Alice", session_limit=1)
    come_online(alice)
    line = [make_session(project) for _ in range(2)]
    route(project)
    assert owners(line) == ["Alice", None]
    change_agent(agent=alice, actor=None, session_limit=2)
    sweep()
    assert owners(line) == ["Alice", "Alice"]


def test_new_rules_apply_to_what_waits(project):
    alice, bob = make_agent(project, "Alice"), make_agent(project, "Bob")
    come_online(bob)
    change_rules(pool=project.pool, actor=None, scope="specified", specified=[alice])
    session = make_session(project)
    sweep()
    assert owners([session]) == [None]
    change_rules(pool=project.pool, actor=None, specified=[alice, bob])
    sweep()
    assert owners([session]) == ["Bob"]


def test_a_project_whose_rules_nobody_has_touched_has_the_defaults(project):
    project.pool.delete()
    come_online(make_agent(project, "Alice"))
    session = make_session(project)
    sweep()
    assert owners([session]) == ["Alice"]
