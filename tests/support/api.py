"""A person who uses the agents' page's JSON API."""

from typing import Any
from uuid import uuid4

from django.test import Client

from accounts.models import User
from sessions_app.models import ChatSession

Answer = tuple[int, Any]


def browser(user: User, **options: Any) -> Client:
    client = Client(**options)
    client.force_login(user)
    return client


def get(user: User, path: str, **query: Any) -> Answer:
    answer = browser(user).get(f"/app/api/{path}", query)
    return answer.status_code, answer.json()


def post(user: User, path: str, **sent: Any) -> Answer:
    answer = browser(user).post(f"/app/api/{path}", sent, content_type="application/json")
    return answer.status_code, answer.json()


def ok(result: Answer) -> Any:
    status, answer = result
    assert status == 200, answer
    return answer


def code(result: Answer) -> tuple[int, str]:
    """Status and code of a refusal."""
    status, answer = result
    return status, answer["error"]["code"]


def act(user: User, session: ChatSession, verb: str, **sent: Any) -> Answer:
    """POST to a session's address, with a key of its own."""
    return post(user, f"sessions/{session.public_id}/{verb}", **{"key": str(uuid4())} | sent)
