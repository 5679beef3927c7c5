"""core.http: JSON endpoints."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.test import RequestFactory

from core import http
from core.errors import Refusal


class SignedIn:
    is_authenticated = True


def call(view, method: str = "POST", user: Any = None, data: bytes = b"{}", **headers):
    request: Any = RequestFactory().generic(method, "/", data, "application/json", **headers)
    request.user = user or SignedIn()
    answer = view(request)
    return answer, json.loads(answer.content)


@http.api("POST")
def echo(request: HttpRequest) -> dict[str, object]:
    return {"got": http.body(request)}


def refusing(refusal: Refusal):
    @http.api("POST")
    def view(request: HttpRequest) -> dict[str, object]:
        raise refusal

    return view


def test_plain_data_becomes_json_that_nobody_keeps():
    answer, data = call(echo, data='{"text": "Привет"}'.encode())
    assert answer.status_code == 200
    assert data == {"got": {"text": "Привет"}}
    assert answer["Cache-Control"] == "no-store"


def test_who_is_signed_out_is_told_so():
    answer, data = call(echo, user=AnonymousUser())
    assert answer.status_code == 401
    assert data["error"]["code"] == "signed_out"
    assert answer["Cache-Control"] == "no-store"


def test_the_wrong_method_is_told_the_right_one():
    answer, data = call(echo, method="GET")
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"
    assert data["error"]["code"] == "method"


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("forbidden", 403),
        ("not_found", 404),
        ("invalid", 422),
        ("too_large", 413),
        ("too_many", 429),
        ("busy", 503),
        ("anything_else", 409),
    ],
)
def test_a_refusal_becomes_its_status(code, status):
    answer, data = call(refusing(Refusal(code, "Why", {"limit": 5})))
    assert answer.status_code == status
    assert data == {"error": {"code": code, "message": "Why", "data": {"limit": 5}}}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[1]",
        b'"text"',
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"n": ' + b"9" * 5000 + b"}",
        b'{"n": NaN}',
    ],
    ids=["empty", "cut", "list", "text", "null", "no-utf8", "deep", "long-number", "nan"],
)
def test_what_is_no_json_object_is_invalid(data):
    answer, told = call(echo, data=data)
    assert answer.status_code == 422
    assert told["error"]["code"] == "invalid"


def test_a_body_that_is_too_large_is_refused(settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answer, told = call(echo, data=b'{"text": "' + b"x" * 200 + b'"}')
    assert answer.status_code == 413
    assert told["error"]["code"] == "too_large"
