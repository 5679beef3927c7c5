"""sessions_app.actions.ownership: by hand, and who must meet which rule."""

from datetime import timedelta

import pytest

from accounts.models import User
from core import clock
from core.errors import Refusal
from projects.models import Agent, Project
from routing.models import Pool
from sessions_app.actions.ownership import claim, complete, put_back, reopen, transfer
from sessions_app.models import ChatSession, Message
from tests.factories import make_agent, make_member, make_project, make_session
from tests.support.team import come_online, go_away, off_hours, owners, route, told, vanish, why

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def team(project) -> list[Agent]:
    agents = [make_agent(project, name) for name in ("Alice", "Bob", "Cleo")]
    come_online(*agents)
    return agents


@pytest.fixture
def manager(project) -> User:
    return make_member(project.company, role="manager").user


def change(row, **fields) -> None:
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()


def refused(function, **kwargs) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        function(**kwargs)
    return refusal.value


def codes(refusal: Refusal) -> list[str]:
    return [failure["code"] for failure in refusal.data["codes"]]


def lines(session: ChatSession) -> list[str]:
    return list(session.messages.order_by("number").values_list("kind", flat=True))


def last_line(session: ChatSession) -> Message:
    return session.messages.order_by("number").last()


# ---------------------------------------------------------------- claim


def test_an_agent_takes_a_session_that_waits(project, team):
    session = make_session(project)
    claimed = claim(session=session, actor=team[1].user)
    assert (claimed.state, claimed.owner, claimed.waiting_since) == ("assigned", team[1], None)
    assert claimed.assignments.get().reason == "claimed"
    assert last_line(session).kind == "claimed"
    assert last_line(session).data["by"] == {"name": "Bob"}
    changed = told(project, "session.changed")[-1]
    assert (changed.payload["was"], changed.before) == ("unassigned", ["managers", "pool"])
    assert told(project, "presence.changed")[-1].payload["open"] == 1


def test_whoever_is_second_is_told_who_was_first(project, team):
    session = make_session(project)
    claim(session=session, actor=team[0].user)
    refusal = refused(claim, session=session, actor=team[1].user)
    assert refusal.code == "not_owner"
    assert refusal.data["owner"] == {"id": str(team[0].public_id), "name": "Alice"}


def test_a_claim_may_be_repeated(project, team):
    session = make_session(project)
    for _ in range(2):
        claim(session=session, actor=team[0].user)
    assert session.assignments.count() == 1
    assert lines(session) == ["claimed"]


def test_a_completed_session_cannot_be_claimed(project, team):
    session = make_session(project, owner=team[0], state="completed")
    assert refused(claim, session=session, actor=team[1].user).code == "completed"


def test_a_claim_passes_the_limit_and_a_break_and_says_so(project, team):
    change(team[0], session_limit=0)
    go_away(team[0])
    session = make_session(project)
    claim(session=session, actor=team[0].user)
    assert owners([session]) == ["Alice"]
    assert last_line(session).data["warnings"] == ["away", "at_limit"]


def test_a_claim_is_not_asked_for_working_hours(project, team):
    off_hours(team[0])
    session = make_session(project)
    claim(session=session, actor=team[0].user)
    assert owners([session]) == ["Alice"]


def test_a_claim_needs_an_open_page(project, team):
    vanish(team[0])
    refusal = refused(claim, session=make_session(project), actor=team[0].user)
    assert (refusal.code, codes(refusal)) == ("target_cannot_receive", ["offline"])


def test_a_claim_needs_the_scope(project, team):
    Pool.objects.filter(project=project).update(scope="specified")
    refusal = refused(claim, session=make_session(project), actor=team[0].user)
    assert codes(refusal) == ["not_in_scope"]


def test_a_claim_needs_the_right_to_reply(project, team):
    change(team[0], may_reply=False)
    refusal = refused(claim, session=make_session(project), actor=team[0].user)
    assert refusal.code == "no_reply_right"


def test_a_disabled_agent_claims_nothing(project, team):
    change(team[0], is_enabled=False)
    refusal = refused(claim, session=make_session(project), actor=team[0].user)
    assert refusal.code == "no_reply_right"


def test_a_manager_who_is_not_on_the_team_owns_nothing(project, team, manager):
    refusal = refused(claim, session=make_session(project), actor=manager)
    assert refusal.code == "no_reply_right"
    assert "agent of this project" in str(refusal.message)


@pytest.mark.parametrize(
    ("state", "code"), [("paused", "project_paused"), ("bot_invalid", "bot_invalid")]
)
def test_nothing_is_given_in_a_project_that_does_not_route(project, team, manager, state, code):
    session = make_session(project)
    Project.objects.filter(pk=project.pk).update(state=state)
    assert refused(claim, session=session, actor=team[0].user).code == code
    assert refused(transfer, session=session, actor=manager, to=team[0]).code == code


def test_owned_sessions_are_completed_in_a_project_that_does_not_route(project, team):
    session = make_session(project, owner=team[0])
    Project.objects.filter(pk=project.pk).update(state="paused")
    assert complete(session=session, actor=team[0].user).state == "completed"


# ---------------------------------------------------------------- transfer


def test_the_owner_hands_a_session_on(project, team):
    session = make_session(project, owner=team[0])
    transfer(session=session, actor=team[0].user, to=team[1], reason="  speaks Russian ")
    assert owners([session]) == ["Bob"]
    first, second = session.assignments.order_by("pk")
    assert (first.ended_because, second.reason) == ("transferred", "transferred")
    assert (second.note, second.by) == ("speaks Russian", team[0].user)
    line = last_line(session)
    assert (line.kind, line.data["note"]) == ("transferred", "speaks Russian")
    changed = told(project, "session.changed")[-1]
    assert f"agent:{team[0].public_id}" in changed.before
    assert f"agent:{team[1].public_id}" in changed.audience


def test_pages_learn_the_load_of_both(project, team):
    session = make_session(project, owner=team[0])
    transfer(session=session, actor=team[0].user, to=team[1])
    loads = {
        event.payload["name"]: event.payload["open"] for event in told(project, "presence.changed")
    }
    assert (loads["Alice"], loads["Bob"]) == (0, 1)


def test_a_transfer_may_be_repeated(project, team):
    session = make_session(project, owner=team[0])
    for _ in range(2):
        transfer(session=session, actor=team[0].user, to=team[1])
    assert session.assignments.count() == 2


@pytest.mark.parametrize("code", ["offline", "away", "at_limit", "not_in_scope"])
def test_an_agent_transfers_to_nobody_who_cannot_receive(project, team, code):
    session = make_session(project, owner=team[0])
    make_unable(project, team[1], code)
    refusal = refused(transfer, session=session, actor=team[0].user, to=team[1])
    assert (refusal.code, codes(refusal)) == ("target_cannot_receive", [code])
    assert refusal.data["agent"]["name"] == "Bob"


def test_an_agent_transfers_to_somebody_off_hours_and_is_warned(project, team):
    session = make_session(project, owner=team[0])
    make_unable(project, team[1], "off_hours")
    transfer(session=session, actor=team[0].user, to=team[1])
    assert owners([session]) == ["Bob"]
    assert last_line(session).data["warnings"] == ["off_hours"]


@pytest.mark.parametrize("code", ["offline", "away", "off_hours", "at_limit", "not_in_scope"])
def test_a_manager_transfers_to_them_and_is_warned(project, team, manager, code):
    session = make_session(project, owner=team[0])
    make_unable(project, team[1], code)
    transfer(session=session, actor=manager, to=team[1])
    assert owners([session]) == ["Bob"]
    assert last_line(session).data["warnings"] == [code]


def make_unable(project: Project, agent: Agent, code: str) -> None:
    if code == "offline":
        vanish(agent)
    elif code == "away":
        go_away(agent)
    elif code == "at_limit":
        change(agent, session_limit=0)
    elif code == "off_hours":
        off_hours(agent)
    else:
        Pool.objects.filter(project=project).update(scope="specified")


@pytest.mark.parametrize("right", ["is_enabled", "may_reply"])
def test_not_even_a_manager_gives_to_who_may_not_reply(project, team, manager, right):
    change(team[1], **{right: False})
    refusal = refused(transfer, session=make_session(project), actor=manager, to=team[1])
    assert refusal.code == "target_cannot_receive"


def test_not_even_a_manager_gives_to_who_has_left(project, team, manager):
    change(team[1], removed_at=clock.now())
    refusal = refused(transfer, session=make_session(project), actor=manager, to=team[1])
    assert codes(refusal) == ["not_member"]


def test_a_manager_gives_a_session_that_waits(project, team, manager):
    session = make_session(project)
    transfer(session=session, actor=manager, to=team[2])
    assert owners([session]) == ["Cleo"]
    assert session.assignments.get().reason == "given"
    assert lines(session) == ["assigned"]


def test_an_agent_gives_no_session_that_waits_to_another(project, team):
    refusal = refused(transfer, session=make_session(project), actor=team[0].user, to=team[1])
    assert refusal.code == "not_owner"


def test_an_agent_takes_over_what_another_owns(project, team):
    session = make_session(project, owner=team[0])
    transfer(session=session, actor=team[1].user, to=team[1])
    assert owners([session]) == ["Bob"]


def test_an_agent_passes_on_nothing_that_others_own(project, team):
    session = make_session(project, owner=team[0])
    refusal = refused(transfer, session=session, actor=team[1].user, to=team[2])
    assert (refusal.code, refusal.data["owner"]["name"]) == ("not_owner", "Alice")


def test_without_the_right_nothing_is_transferred_or_taken_over(project, team):
    session = make_session(project, owner=team[0])
    change(team[0], may_transfer=False)
    change(team[1], may_transfer=False)
    assert refused(transfer, session=session, actor=team[0].user, to=team[1]).code == "forbidden"
    assert refused(transfer, session=session, actor=team[1].user, to=team[1]).code == "forbidden"
    assert refused(put_back, session=session, actor=team[0].user).code == "forbidden"


def test_agents_of_other_projects_are_not_found(project, team, manager):
    stranger = make_agent(make_project(project.company, "Other"), "Dora")
    come_online(stranger)
    session = make_session(project, owner=team[0])
    refusal = refused(transfer, session=session, actor=manager, to=stranger)
    assert refusal.code == "not_found"


# ---------------------------------------------------------------- back in line


def test_a_session_put_back_by_hand_queues_up_anew(project, team):
    early = clock.now() - timedelta(hours=1)
    session = make_session(project, owner=team[0], queued_at=early)
    put_back(session=session, actor=team[0].user, reason="not mine")
    session.refresh_from_db()
    assert (session.state, session.owner) == ("unassigned", None)
    assert session.queued_at == session.waiting_since > early
    assert session.assignments.get().ended_because == "put_back"
    assert last_line(session).data | {"by": 0} == {
        "by": 0,
        "reason": "put_back",
        "note": "not mine",
    }


def test_it_does_not_go_back_to_who_had_it_by_itself(project, team):
    vanish(team[1], team[2])
    session = make_session(project, owner=team[0])
    put_back(session=session, actor=team[0].user)
    route(project)
    assert owners([session]) == [None]
    assert why(session)["Alice"] == ["already_had_it"]
    come_online(team[2])
    route(project)
    assert owners([session]) == ["Cleo"]


def test_who_had_it_may_claim_it_again(project, team):
    session = make_session(project, owner=team[0])
    put_back(session=session, actor=team[0].user)
    assert claim(session=session, actor=team[0].user).owner == team[0]


def test_putting_back_may_be_repeated(project, team):
    session = make_session(project, owner=team[0])
    for _ in range(2):
        put_back(session=session, actor=team[0].user)
    assert lines(session) == ["released"]


def test_only_owner_and_manager_put_back(project, team, manager):
    session = make_session(project, owner=team[0])
    assert refused(put_back, session=session, actor=team[1].user).code == "not_owner"
    assert put_back(session=session, actor=manager).state == "unassigned"


# ---------------------------------------------------------------- complete, reopen


def test_the_owner_completes(project, team):
    session = make_session(project, owner=team[0])
    done = complete(session=session, actor=team[0].user)
    assert (done.state, done.owner) == ("completed", team[0])
    assert done.completed_at is not None
    assert done.assignments.get().ended_because == "completed"
    assert lines(session) == ["completed"]
    assert told(project, "presence.changed")[-1].payload["open"] == 0


def test_completing_may_be_repeated(project, team):
    session = make_session(project, owner=team[0])
    for _ in range(2):
        complete(session=session, actor=team[0].user)
    assert lines(session) == ["completed"]


def test_only_owner_and_manager_complete(project, team, manager):
    session = make_session(project, owner=team[0])
    assert refused(complete, session=session, actor=team[1].user).code == "not_owner"
    assert complete(session=session, actor=manager).state == "completed"


def test_an_agent_completes_nothing_that_waits_but_a_manager_does(project, team, manager):
    session = make_session(project)
    assert refused(complete, session=session, actor=team[0].user).data == {"owner": None}
    assert complete(session=session, actor=manager).state == "completed"


def test_without_the_right_nothing_is_completed(project, team):
    change(team[0], may_complete=False)
    session = make_session(project, owner=team[0])
    assert refused(complete, session=session, actor=team[0].user).code == "forbidden"


def test_whoever_reopens_becomes_the_owner(project, team):
    session = make_session(project, owner=team[0], state="completed")
    again = reopen(session=session, actor=team[1].user)
    assert (again.state, again.owner, again.completed_at) == ("assigned", team[1], None)
    assert again.assignments.get().reason == "reopened"
    assert lines(session) == ["reopened"]


def test_reopening_may_be_repeated_by_the_same(project, team):
    session = make_session(project, owner=team[0], state="completed")
    for _ in range(2):
        reopen(session=session, actor=team[1].user)
    assert refused(reopen, session=session, actor=team[0].user).code == "not_owner"


def test_nothing_is_reopened_beside_another_open_session(project, team):
    session = make_session(project, owner=team[0], state="completed")
    other = make_session(project, customer=session.customer)
    refusal = refused(reopen, session=session, actor=team[0].user)
    assert (refusal.code, refusal.data) == ("open_elsewhere", {"session": str(other.public_id)})


def test_what_is_open_cannot_be_reopened(project, team):
    refusal = refused(reopen, session=make_session(project), actor=team[0].user)
    assert refusal.code == "not_completed"
