"""What the agents' page gets: shapes, and no more than one may see."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from routing.models import Pool
from sessions_app.models import ChatSession, ReadMark
from tests.factories import (
    make_bot,
    make_customer,
    make_member,
    make_message,
    make_project,
    make_session,
    make_sessions,
)
from tests.support.api import browser, code, get, ok

pytestmark = pytest.mark.django_db(transaction=True)


def numbers(rows):
    return [row["number"] for row in rows]


def test_it_boots_with_who_one_is_and_where_one_works(project, alice):
    bot = make_bot(project)
    make_project(name="Not hers")
    answer = ok(get(alice.user, "boot"))
    assert answer["me"] == {
        "id": str(alice.user.public_id),
        "name": "Alice",
        "email": alice.user.email,
        "stream": str(alice.user.public_id),
        "head": 0,
    }
    assert (answer["status"], answer["beat_s"], len(answer["build"])) == ("online", 25, 12)
    assert answer["projects"] == [
        {
            "id": str(project.public_id),
            "name": "Help",
            "state": "active",
            "managing": False,
            "agent": str(alice.public_id),
            "bot": {"username": bot.username, "state": "ok"},
        }
    ]


def test_it_boots_a_manager_who_is_no_agent(project):
    manager = make_member(project.company, role="manager").user
    (row,) = ok(get(manager, "boot"))["projects"]
    assert (row["managing"], row["agent"], row["bot"]) == (True, None, None)


def test_it_gives_an_agent_the_project_as_he_may_see_it(project, alice, bob):
    mine, others = make_session(project, owner=alice), make_session(project, owner=bob)
    waiting = [make_session(project) for _ in range(2)]
    done = make_session(project, owner=alice, state="completed")
    make_session(project, owner=bob, state="completed")
    answer = ok(get(alice.user, f"projects/{project.public_id}/snapshot"))
    assert numbers(answer["mine"]) == [mine.number]
    assert numbers(answer["unassigned"]) == [session.number for session in waiting]
    assert numbers(answer["completed"]) == [done.number]
    assert answer["counts"] == {"mine": 1, "unassigned": 2, "assigned": 1, "completed": 1}
    assert answer["me"] == {
        "agent": str(alice.public_id),
        "managing": False,
        "rights": {"reply": True, "transfer": True, "complete": True, "see_others": False},
    }
    assert [(row["name"], row["open"]) for row in answer["presence"]] == [("Alice", 1), ("Bob", 1)]
    assert others.public_id.hex not in json.dumps(answer).replace("-", "")


def test_it_says_why_an_agent_cannot_receive(project, alice, bob):
    alice.session_limit = 1
    alice.save()
    make_session(project, owner=alice)
    rows = ok(get(alice.user, f"projects/{project.public_id}/snapshot"))["presence"]
    codes = {row["name"]: [one["code"] for one in row["codes"]] for row in rows}
    assert codes == {"Alice": ["at_limit"], "Bob": ["offline"]}
    assert rows[0]["codes"][0]["evidence"] == {"limit": 1, "open": 1}


def test_it_shows_everything_to_a_manager(project, alice):
    manager = make_member(project.company, role="owner").user
    make_session(project, owner=alice)
    make_session(project, owner=alice, state="completed")
    make_session(project)
    answer = ok(get(manager, f"projects/{project.public_id}/snapshot"))
    assert answer["counts"] == {"mine": 0, "unassigned": 1, "assigned": 1, "completed": 1}
    assert answer["me"]["rights"]["reply"] is False


def test_it_shows_no_waiting_sessions_to_an_agent_out_of_scope(project, alice, bob):
    pool = Pool.objects.get(project=project)
    pool.scope = Pool.Scope.SPECIFIED
    pool.save()
    pool.specified.add(bob)
    waiting = make_session(project)
    answer = ok(get(alice.user, f"projects/{project.public_id}/snapshot"))
    assert (answer["unassigned"], answer["counts"]["unassigned"]) == ([], 0)
    assert code(get(alice.user, f"sessions/{waiting.public_id}")) == (404, "not_found")
    assert ok(get(bob.user, f"sessions/{waiting.public_id}"))


def test_it_limits_the_lists_and_pages_on(project, alice):
    make_sessions(project, 120)
    path = f"projects/{project.public_id}"
    answer = ok(get(alice.user, f"{path}/snapshot"))
    assert (len(answer["unassigned"]), answer["counts"]["unassigned"]) == (50, 120)
    seen = numbers(answer["unassigned"])
    for size in (50, 20, 0):
        after = ChatSession.objects.get(number=seen[-1]).public_id
        rows = ok(get(alice.user, f"{path}/sessions", tab="unassigned", after=after))["sessions"]
        assert len(rows) == size
        seen += numbers(rows)
    assert seen == list(range(1, 121))


@pytest.mark.parametrize("tab", ["all", "completed"])
def test_it_pages_through_other_lists_newest_first(project, alice, tab):
    state = {"all": "assigned", "completed": "completed"}[tab]
    for _ in range(60):
        make_session(project, owner=alice, state=state)
    path = f"projects/{project.public_id}/sessions"
    first = ok(get(alice.user, path, tab=tab))["sessions"]
    after = first[-1]["id"]
    second = ok(get(alice.user, path, tab=tab, after=after))["sessions"]
    assert numbers(first + second) == list(range(60, 0, -1))


def test_it_asks_as_much_for_500_sessions_as_for_5(project, alice, bob):
    counts = []
    client = browser(alice.user)
    for size in (5, 495):
        sessions = make_sessions(project, size, owners=[alice, bob, None])
        ReadMark.objects.bulk_create(
            ReadMark(session=session, agent=alice, seen=1) for session in sessions
        )
        for path in ("boot", f"projects/{project.public_id}/snapshot"):
            with CaptureQueriesContext(connection) as queries:
                client.get(f"/app/api/{path}")
            # PostgreSQL is asked for the time every 15 seconds
            counts.append(sum("clock_timestamp" not in query["sql"] for query in queries))
    assert counts[:2] == counts[2:]
    assert max(counts) <= 40


def test_it_gives_a_session_with_its_last_messages_and_pages_back(project, alice):
    session = make_session(project, owner=alice)
    for number in range(1, 121):
        make_message(session, str(number))
    path = f"sessions/{session.public_id}"
    answer = ok(get(alice.user, path))
    assert (numbers(answer["messages"]), answer["more"]) == (list(range(71, 121)), True)
    answer = ok(get(alice.user, path, before=71))
    assert (numbers(answer["messages"]), answer["more"]) == (list(range(21, 71)), True)
    answer = ok(get(alice.user, path, before=21))
    assert (numbers(answer["messages"]), answer["more"]) == (list(range(1, 21)), False)
    assert answer["session"]["incoming"] == 120


def test_it_gives_the_customers_other_sessions_that_one_may_see(project, alice, bob):
    customer = make_customer(project)
    past = make_session(project, owner=alice, customer=customer, state="completed")
    make_session(project, owner=bob, customer=customer, state="completed")
    session = make_session(project, owner=alice, customer=customer)
    answer = ok(get(alice.user, f"sessions/{session.public_id}"))
    assert numbers(answer["customer"]["sessions"]) == [session.number, past.number]
    assert answer["customer"]["first_seen_at"]
    assert answer["why"] is None
