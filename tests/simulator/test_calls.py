"""The edge a bot talks to: tokens, names of methods, forms of parameters, the envelope."""

import json
from typing import Any

import pytest
import requests

from tests.simulator.client import TOKEN

JSON = "application/json"


def test_it_knows_its_bots(telegram):
    me = telegram.call("getMe")
    assert (me["id"], me["is_bot"], me["username"]) == (123456, True, "test_bot")


def test_it_refuses_a_token_of_nobody(telegram):
    answer = telegram.raw("getMe", token="123456:another_secret")
    assert answer.status_code == 401
    assert answer.json() == {"ok": False, "error_code": 401, "description": "Unauthorized"}


@pytest.mark.parametrize("token", ["nonsense", "abc:def", "0:abc", "12:", "12:a b"])
def test_it_finds_nothing_under_a_malformed_token(telegram, token):
    answer = telegram.raw("getMe", token=token)
    assert answer.status_code == 404
    assert answer.json() == {"ok": False, "error_code": 404, "description": "Not Found"}


def test_it_forgets_a_revoked_token_and_ends_its_poll(telegram):
    poll = telegram.begin_poll()
    new = telegram.post("/bots/123456/revoke")["token"]
    assert poll.answer().status_code == 409
    assert telegram.error("getMe") == (401, "Unauthorized")
    assert telegram.raw("getMe", token=new).json()["result"]["id"] == 123456


def test_it_takes_names_in_any_case(telegram):
    assert telegram.call("GETME") == telegram.call("getme") == telegram.call("getMe")


def test_it_refuses_and_lists_methods_it_does_not_have(telegram):
    assert telegram.error("sendPoll", question="?") == (404, "Not Found: method not found")
    assert telegram.get("/unknown-methods") == {"methods": {"sendPoll": 1}}
    assert telegram.journal(method="sendPoll")[0]["applied"] is False


@pytest.mark.parametrize("form", ["query", "urlencoded", "multipart", "json", "chunked"])
def test_it_reads_every_form_of_parameters(telegram, form):
    person = telegram.customer()
    params = {"chat_id": str(person), "text": "Grüße 😀"}
    body = json.dumps(params).encode()
    forms: dict[str, dict[str, Any]] = {
        "query": {"params": params},
        "urlencoded": {"data": params},
        "multipart": {"files": {name: (None, value) for name, value in params.items()}},
        "json": {"json": params},
        "chunked": {"data": iter([body[:9], body[9:]]), "headers": {"Content-Type": JSON}},
    }
    answer = requests.post(f"{telegram.url}/bot{TOKEN}/sendMessage", timeout=20, **forms[form])
    assert answer.json()["result"]["text"] == "Grüße 😀"


@pytest.mark.parametrize("body", [b"{", b"[]", b"1"])
def test_it_refuses_a_body_that_is_no_object(telegram, body):
    headers = {"Content-Type": JSON}
    address = f"{telegram.url}/bot{TOKEN}/sendMessage"
    answer = requests.post(address, data=body, headers=headers, timeout=20)
    assert answer.json()["description"] == "Bad Request: can't parse JSON object"


@pytest.mark.parametrize(
    ("body", "mime"),
    [
        (b'{"text": "\\ud800"}', JSON),
        (b'{"reply_markup": {"a": ["\\udfff"]}}', JSON),
        (b'{"text": "\xff"}', JSON),
    ],
)
def test_it_refuses_what_is_not_utf8(telegram, body, mime):
    address = f"{telegram.url}/bot{TOKEN}/sendMessage"
    answer = requests.post(address, data=body, headers={"Content-Type": mime}, timeout=20)
    assert answer.json()["description"] == "Bad Request: strings must be encoded in UTF-8"


def test_it_answers_other_paths_of_the_bot_side_in_its_envelope(telegram):
    answer = requests.get(f"{telegram.url}/bot{TOKEN}/a/b", timeout=20)
    assert answer.json() == {"ok": False, "error_code": 404, "description": "Not Found"}


def test_it_knows_a_person_the_bot_has_met(telegram):
    person = telegram.customer(first_name="Ada", last_name="Lovelace", username="ada")
    chat = telegram.call("getChat", chat_id=person)
    assert (chat["id"], chat["type"], chat["first_name"]) == (person, "private", "Ada")
    stranger = telegram.person()
    assert telegram.error("getChat", chat_id=stranger) == (400, "Bad Request: chat not found")


def test_it_keeps_a_bots_commands(telegram):
    commands = [{"command": "help", "description": "Help"}]
    assert telegram.call("setMyCommands", commands=json.dumps(commands)) is True
    assert telegram.call("getMyCommands") == commands
    assert telegram.call("deleteMyCommands") is True
    assert telegram.call("getMyCommands") == []
    assert telegram.error("setMyCommands", commands="x")[0] == 400
