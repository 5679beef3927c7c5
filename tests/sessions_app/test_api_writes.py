"""What agents do by HTTP."""

import pytest

from bots.models import OutboundCall
from tests.factories import (
    make_lease,
    make_message,
    make_session,
)
from tests.support.api import act, get, ok, post

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_replies(project, alice):
    session = make_session(project)
    answer = ok(act(alice.user, session, "reply", text="Hello"))
    assert answer["session"]["owner"]["name"] == "Alice"
    assert (answer["message"]["text"], answer["message"]["delivery"]) == ("Hello", "queued")
    assert answer["head"] > 0
    assert OutboundCall.objects.count() == 1


def test_it_claims_completes_and_reopens(project, alice):
    session = make_session(project)
    states = [
        ok(act(alice.user, session, verb))["session"]["state"]
        for verb in ("claim", "complete", "reopen")
    ]
    assert states == ["assigned", "completed", "assigned"]


def test_it_transfers_and_says_that_the_session_has_left_ones_sight(project, alice, bob):
    make_lease(bob.user)
    session = make_session(project, owner=alice)
    answer = ok(act(alice.user, session, "transfer", agent=str(bob.public_id), reason="Yours"))
    assert answer["session"] is None
    session.refresh_from_db()
    assert session.owner == bob


def test_it_puts_back_in_line(project, alice):
    session = make_session(project, owner=alice)
    answer = ok(act(alice.user, session, "transfer", agent=None))
    assert answer["session"]["state"] == "unassigned"


def test_it_names_who_was_first(project, alice, bob):
    session = make_session(project, owner=bob)
    alice.may_see_others = True
    alice.save()
    status, answer = act(alice.user, session, "claim")
    assert (status, answer["error"]["code"]) == (409, "not_owner")
    assert answer["error"]["data"]["owner"] == {"id": str(bob.public_id), "name": "Bob"}
    assert "Bob" in answer["error"]["message"]


def test_it_keeps_the_highest_read_mark(project, alice):
    session = make_session(project, owner=alice)
    for _ in range(5):
        make_message(session)
    path = f"sessions/{session.public_id}/read"
    assert [ok(post(alice.user, path, seen=seen))["seen"] for seen in (2, 4, 3, 99)] == [2, 4, 4, 5]
    answer = ok(get(alice.user, f"projects/{project.public_id}/snapshot"))
    assert answer["reads"] == {str(session.public_id): 5}


def test_it_changes_ones_status(project, alice):
    assert ok(post(alice.user, "presence", status="away")) == {"status": "away"}
    assert ok(get(alice.user, "boot"))["status"] == "away"
