"""The API refuses: by access, by shape, and always in one form."""

from uuid import uuid4

import pytest
from django.test import Client

from tests.factories import (
    make_agent,
    make_member,
    make_project,
    make_session,
    make_user,
)
from tests.support.api import act, browser, code, get, ok, post

pytestmark = pytest.mark.django_db


VERBS = ["reply", "claim", "transfer", "complete", "reopen", "read"]
SOUND = {"text": "Hello", "agent": None, "seen": 1}


@pytest.fixture
def strangers(project):
    """Somebody of another company, a support person, a removed agent, a disabled one."""
    other = make_agent(make_project(), "Other").user
    support = make_member(project.company, role="support").user
    removed = make_agent(project, "Removed", removed_at=project.created_at).user
    disabled = make_agent(project, "Disabled", is_enabled=False).user
    return [other, support, removed, disabled]


def test_it_answers_alike_for_what_is_missing_and_what_is_forbidden(project, alice, strangers):
    session = make_session(project, owner=alice)
    for user in strangers:
        for real, made_up in [
            (f"sessions/{session.public_id}", f"sessions/{uuid4()}"),
            (f"projects/{project.public_id}/snapshot", f"projects/{uuid4()}/snapshot"),
            (f"projects/{project.public_id}/sessions", f"projects/{uuid4()}/sessions"),
        ]:
            forbidden, missing = get(user, real, tab="all"), get(user, made_up, tab="all")
            assert forbidden == missing
            assert code(forbidden) == (404, "not_found")


@pytest.mark.parametrize("verb", VERBS)
def test_it_lets_no_stranger_act(project, alice, strangers, verb):
    session = make_session(project, owner=alice)
    for user in strangers:
        forbidden = act(user, session, verb, **SOUND)
        missing = post(user, f"sessions/{uuid4()}/{verb}", **{"key": str(uuid4())} | SOUND)
        assert forbidden == missing
        assert code(forbidden) == (404, "not_found")
    session.refresh_from_db()
    assert (session.state, session.message_count) == ("assigned", 0)


def test_it_takes_no_running_number_for_an_id(project, alice):
    session = make_session(project, owner=alice)
    for path in (f"sessions/{session.number}", f"sessions/{session.pk}"):
        assert browser(alice.user).get(f"/app/api/{path}").status_code == 404


def test_it_transfers_to_nobody_outside_the_project(project, alice):
    session = make_session(project, owner=alice)
    stranger = make_agent(make_project(company=project.company), "Stranger")
    for agent_id in (stranger.public_id, uuid4()):
        refused = act(alice.user, session, "transfer", agent=str(agent_id))
        assert code(refused) == (404, "not_found")


@pytest.mark.parametrize(
    ("verb", "sent"),
    [
        ("reply", {"key": "1"}),
        ("reply", {"key": None}),
        ("reply", {"key": ["a"]}),
        ("reply", {"text": 5}),
        ("reply", {"text": ""}),
        ("reply", {"text": "x" * 40_961}),
        ("reply", {"reply_to": "5"}),
        ("reply", {"reply_to": 0}),
        ("reply", {"reply_to": 2**63}),
        ("reply", {"reply_to": True}),
        ("claim", {"key": 5}),
        ("transfer", {"agent": "Bob"}),
        ("transfer", {"agent": 5}),
        ("transfer", {"reason": None}),
        ("read", {"seen": -1}),
        ("read", {"seen": "3"}),
        ("read", {"seen": 1.5}),
        ("read", {"seen": None}),
    ],
)
def test_it_refuses_what_has_the_wrong_shape(project, alice, verb, sent):
    session = make_session(project, owner=alice)
    assert code(act(alice.user, session, verb, **SOUND | sent)) == (422, "invalid")


@pytest.mark.parametrize(
    "query", [{"tab": "mine"}, {}, {"tab": "all", "after": "5"}, {"tab": "all", "after": "\x00"}]
)
def test_it_refuses_wrong_questions_for_a_list(project, alice, query):
    path = f"projects/{project.public_id}/sessions"
    assert code(get(alice.user, path, **query)) == (422, "invalid")


@pytest.mark.parametrize("before", ["x", "-1", "1.5", "9" * 30, "٣"])
def test_it_refuses_wrong_questions_for_messages(project, alice, before):
    session = make_session(project, owner=alice)
    path = f"sessions/{session.public_id}"
    assert code(get(alice.user, path, before=before)) == (422, "invalid")


def test_it_refuses_a_wrong_status(alice):
    assert code(post(alice.user, "presence", status="busy")) == (422, "invalid")


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"5", b"\xff"])
def test_it_refuses_what_is_no_json_object(alice, raw):
    answer = browser(alice.user).post("/app/api/presence", raw, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")


def test_it_refuses_a_key_with_another_body(project, alice):
    session = make_session(project, owner=alice)
    key = str(uuid4())
    first = ok(act(alice.user, session, "reply", key=key, text="Hello"))
    assert (
        ok(act(alice.user, session, "reply", key=key, text="Hello"))["message"] == first["message"]
    )
    assert code(act(alice.user, session, "reply", key=key, text="Other")) == (409, "key_reused")


def test_it_asks_who_is_signed_out_to_sign_in():
    answer = Client().get("/app/api/boot")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "signed_out")
    assert Client().get("/app/").status_code == 302


def test_it_asks_for_the_token_against_forged_requests(alice):
    client = browser(alice.user, enforce_csrf_checks=True)
    sent = {"status": "away"}
    answer = client.post("/app/api/presence", sent, content_type="application/json")
    assert answer.status_code == 403


def test_it_gives_no_rows_of_a_company_where_one_is_disabled(project, alice):
    alice.user.memberships.update(is_enabled=False)
    assert ok(get(alice.user, "boot"))["projects"] == []
    path = f"projects/{project.public_id}/snapshot"
    assert code(get(alice.user, path)) == (404, "not_found")


def test_it_lets_nobody_keep_answers(alice):
    answer = browser(alice.user).get("/app/api/boot")
    assert answer["Cache-Control"] == "no-store"


def test_it_gives_nothing_to_somebody_without_work():
    assert ok(get(make_user("Nobody"), "boot"))["projects"] == []
