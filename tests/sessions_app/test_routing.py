"""sessions_app.actions.routing: what waits is given out."""

from datetime import timedelta

import pytest

from bots.models import Bot
from core import clock
from projects.models import Project
from routing.models import Pool
from sessions_app.models import Assignment, ChatSession, Message, RoutingAttempt
from tests.factories import make_agent, make_customer, make_project, make_session
from tests.support.team import come_online, go_away, owners, route, told, vanish, why

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def team(project):
    return [make_agent(project, name) for name in ("Alice", "Bob", "Cleo")]


def sessions(project: Project, count: int) -> list[ChatSession]:
    return [make_session(project) for _ in range(count)]


def rules(project: Project, **fields: object) -> None:
    Pool.objects.filter(project=project).update(**fields)


def attempts(session: ChatSession) -> list[RoutingAttempt]:
    return list(session.attempts.order_by("pk"))


# ---------------------------------------------------------------- round-robin


def test_it_goes_round_the_list_one_by_one(project, team):
    come_online(*team)
    served = []
    for _ in range(4):
        session = make_session(project)
        assert route(project) == 1
        served += owners([session])
    assert served == ["Alice", "Bob", "Cleo", "Alice"]


def test_it_goes_round_the_list_in_one_pass(project, team):
    come_online(*team)
    line = sessions(project, 7)
    assert route(project) == 7
    assert owners(line) == ["Alice", "Bob", "Cleo", "Alice", "Bob", "Cleo", "Alice"]


def test_a_reorder_keeps_the_cursor_on_its_agent(project, team):
    come_online(*team)
    make_session(project)
    route(project)  # Alice
    for position, agent in enumerate([team[2], team[0], team[1]]):
        agent.position = position
        agent.save()
    line = sessions(project, 3)
    route(project)
    assert owners(line) == ["Bob", "Cleo", "Alice"]


def test_who_leaves_the_list_leaves_a_gap(project, team):
    come_online(*team)
    sessions(project, 2)
    route(project)  # Alice, Bob
    team[1].removed_at = clock.now()
    team[1].save()
    line = sessions(project, 3)
    route(project)
    assert owners(line) == ["Cleo", "Alice", "Cleo"]


def test_the_gap_stays_where_it_was_through_a_reorder(project, team):
    dora = make_agent(project, "Dora")
    come_online(*team, dora)
    sessions(project, 2)
    route(project)  # Alice, Bob
    team[1].removed_at = clock.now()
    team[1].save()
    route(project, "agents_changed")
    for position, agent in enumerate([dora, team[0], team[2]]):
        agent.position = position
        agent.save()
    session = make_session(project)
    route(project)
    assert owners([session]) == ["Cleo"]  # after Alice, who stood before the gap


def test_a_newcomer_gets_one_when_the_circle_reaches_him(project, team):
    come_online(*team)
    sessions(project, 2)
    route(project)  # Alice, Bob
    dora = make_agent(project, "Dora")
    come_online(dora)
    line = sessions(project, 4)
    route(project)
    assert owners(line) == ["Cleo", "Dora", "Alice", "Bob"]


def test_a_claim_is_no_turn(project, team):
    come_online(*team)
    make_session(project, owner=team[0])
    line = sessions(project, 1)
    route(project)
    assert owners(line) == ["Alice"]


def test_offline_and_away_agents_are_skipped_and_miss_no_later_turn(project, team):
    come_online(*team)
    vanish(team[0])
    go_away(team[1])
    line = sessions(project, 2)
    route(project)
    assert owners(line) == ["Cleo", "Cleo"]
    assert why(line[0]) == {"Alice": ["offline"], "Bob": ["away"], "Cleo": []}
    come_online(team[0])
    line = sessions(project, 1)
    route(project)
    assert owners(line) == ["Alice"]


# ---------------------------------------------------------------- waiting


def test_with_all_offline_it_waits_and_says_why_for_each(project, team):
    session = make_session(project)
    assert route(project) == 0
    assert owners([session]) == [None]
    assert why(session) == {"Alice": ["offline"], "Bob": ["offline"], "Cleo": ["offline"]}
    assert attempts(session)[0].outcome == "waiting"


def test_who_comes_online_gets_the_oldest_first_up_to_his_limit(project, team):
    team[1].session_limit = 2
    team[1].save()
    line = sessions(project, 3)
    old = make_session(project, queued_at=clock.now() - timedelta(hours=1))
    route(project)
    come_online(team[1])
    assert route(project, "agent_online") == 2
    assert owners([old, *line]) == ["Bob", "Bob", None, None]
    assert why(line[1])["Bob"] == ["at_limit"]


def test_the_same_answer_again_is_folded(project, team):
    session = make_session(project)
    for _ in range(3):
        route(project, "sweep")
    (attempt,) = attempts(session)
    assert attempt.count == 3
    assert attempt.last_at > attempt.at


def test_another_answer_is_written_anew(project, team):
    session = make_session(project)
    route(project)
    come_online(team[0])
    go_away(team[0])
    route(project)
    assert [one.count for one in attempts(session)] == [1, 1]
    assert why(session)["Alice"] == ["away"]


def test_an_assignment_is_recorded_with_attempt_turn_and_line(project, team):
    come_online(*team)
    sessions(project, 1)
    route(project)
    session = make_session(project)
    route(project)
    session.refresh_from_db()
    assert (session.state, session.waiting_since) == ("assigned", None)
    assignment = session.assignments.get()
    assert (assignment.agent, assignment.reason) == (team[1], "routed")
    assert assignment.attempt is not None
    assert (assignment.attempt.turn_before, assignment.attempt.turn_after) == (1, 2)
    line = session.messages.get()
    assert (line.direction, line.kind) == ("system", "assigned")
    assert line.data["agent"]["name"] == "Bob"
    assert (line.data["turn"], line.data["mode"]) == (2, "round_robin")


def test_pages_learn_owner_and_load(project, team):
    come_online(*team)
    session = make_session(project)
    route(project)
    changed = told(project, "session.changed")[-1]
    assert changed.payload["id"] == str(session.public_id)
    assert (changed.payload["was"], changed.payload["state"]) == ("unassigned", "assigned")
    assert changed.before == ["managers", "pool"]
    assert changed.audience == ["managers", "others", f"agent:{team[0].public_id}"]
    load = told(project, "presence.changed")[-1].payload
    assert (load["name"], load["open"]) == ("Alice", 1)


def test_what_waits_too_long_is_not_routed_and_says_so_once(project, team):
    come_online(*team)
    week = clock.now() - timedelta(days=8)
    old = make_session(project, queued_at=week, waiting_since=week)
    young = make_session(project)
    for _ in range(2):
        route(project)
    assert owners([old, young]) == [None, "Alice"]
    assert [one.project_code for one in attempts(old)] == ["too_old"]


def test_more_than_a_batch_is_given_out_in_one_go(project, team, monkeypatch):
    monkeypatch.setattr("sessions_app.actions.routing.BATCH", 3)
    come_online(*team)
    line = sessions(project, 8)
    assert route(project) == 8
    assert owners(line) == ["Alice", "Bob", "Cleo", "Alice", "Bob", "Cleo", "Alice", "Bob"]


def test_those_far_back_in_a_long_line_are_told_why_too(project, team, monkeypatch):
    monkeypatch.setattr("sessions_app.actions.routing.BATCH", 2)
    line = sessions(project, 5)
    for _ in range(3):
        route(project)
    assert all(attempts(session) for session in line)


def test_a_long_line_is_never_overtaken(project, team, monkeypatch):
    monkeypatch.setattr("sessions_app.actions.routing.BATCH", 2)
    come_online(team[0])
    team[0].session_limit = 3
    team[0].save()
    line = sessions(project, 5)
    assert route(project) == 3
    assert owners(line) == ["Alice", "Alice", "Alice", None, None]


# ---------------------------------------------------------------- rules


def test_online_first_takes_who_has_the_fewest_open(project, team):
    rules(project, mode="online_first")
    come_online(*team)
    for agent, owned in zip(team, (2, 0, 1), strict=True):
        for _ in range(owned):
            make_session(project, owner=agent)
    line = sessions(project, 3)
    route(project)
    assert owners(line) == ["Bob", "Cleo", "Bob"]


def test_online_first_breaks_ties_by_the_least_recent_turn(project, team):
    rules(project, mode="online_first")
    come_online(*team)
    served = []
    for _ in range(4):
        session = make_session(project)
        route(project)
        served += owners([session])
        ChatSession.objects.filter(pk=session.pk).update(state="completed")
    assert served == ["Alice", "Bob", "Cleo", "Alice"]


def test_online_first_serves_by_turn_what_has_waited(project, team):
    rules(project, mode="online_first")
    make_session(project, owner=team[0])
    line = sessions(project, 2)
    route(project)
    come_online(team[0], team[1])
    route(project)
    assert owners(line) == ["Alice", "Bob"]
    assert attempts(line[0])[-1].mode == "round_robin"


def test_only_the_specified_receive(project, team):
    rules(project, scope="specified")
    project.pool.specified.set([team[1]])
    come_online(*team)
    line = sessions(project, 2)
    route(project)
    assert owners(line) == ["Bob", "Bob"]
    assert why(line[0])["Alice"] == ["not_in_scope"]


def test_an_empty_list_is_named(project, team):
    rules(project, scope="specified")
    come_online(*team)
    session = make_session(project)
    route(project)
    assert attempts(session)[0].project_code == "scope_empty"


def test_a_project_without_agents_is_named(project):
    session = make_session(project)
    route(project)
    assert attempts(session)[0].project_code == "no_agents"


@pytest.mark.parametrize(
    ("state", "code"), [("paused", "project_paused"), ("bot_invalid", "bot_invalid")]
)
def test_a_project_that_does_not_route_is_named(project, team, state, code):
    come_online(*team)
    session = make_session(project)
    Project.objects.filter(pk=project.pk).update(state=state)
    assert route(project) == 0
    assert attempts(session)[0].project_code == code


def test_a_bot_whose_token_was_refused_is_named(project, team):
    come_online(*team)
    session = make_session(project)
    Bot.objects.filter(project=project).update(state="invalid")
    assert route(project) == 0
    assert attempts(session)[0].project_code == "bot_invalid"


def test_hidden_pages_receive_unless_the_project_says_no(project, team):
    come_online(team[0], visible=False)
    rules(project, hidden_pages_receive=False)
    session = make_session(project)
    route(project)
    assert why(session)["Alice"] == ["page_hidden"]
    rules(project, hidden_pages_receive=True)
    route(project)
    assert owners([session]) == ["Alice"]


def test_who_may_not_reply_or_is_disabled_gets_nothing(project, team):
    come_online(*team)
    team[0].may_reply = False
    team[0].save()
    team[1].user.is_active = False
    team[1].user.save()
    team[2].is_enabled = False
    team[2].save()
    session = make_session(project)
    route(project)
    assert why(session) == {
        "Alice": ["no_reply_right"],
        "Bob": ["disabled"],
        "Cleo": ["disabled"],
    }


def returning(project: Project, agent) -> ChatSession:
    customer = make_customer(project)
    make_session(project, customer=customer, owner=agent, state="completed")
    return make_session(project, customer=customer)


def test_a_returning_customer_is_routed_anew(project, team):
    come_online(*team)
    session = returning(project, team[2])
    route(project)
    assert owners([session]) == ["Alice"]


def test_a_returning_customer_meets_the_former_agent_if_the_project_says_so(project, team):
    rules(project, returning="former")
    come_online(*team)
    session = returning(project, team[2])
    other = make_session(project)
    route(project)
    assert owners([session, other]) == ["Cleo", "Alice"]  # it costs nobody a turn
    assert session.assignments.get().reason == Assignment.Reason.FORMER


def test_a_former_agent_who_is_not_there_is_passed_over(project, team):
    rules(project, returning="former")
    come_online(*team[:2])
    session = returning(project, team[2])
    route(project)
    assert owners([session]) == ["Alice"]


def test_projects_do_not_share_a_circle(project, team):
    other = make_project(name="Other")
    dora = make_agent(other, "Dora")
    come_online(*team, dora)
    here, there = make_session(project), make_session(other)
    route(project)
    route(other)
    assert owners([here, there]) == ["Alice", "Dora"]


def test_the_queries_do_not_grow_with_the_line(project, team, django_assert_max_num_queries):
    come_online(*team)
    sessions(project, 90)
    with django_assert_max_num_queries(65):
        assert route(project) == 90
    assert Message.objects.filter(kind="assigned").count() == 90
