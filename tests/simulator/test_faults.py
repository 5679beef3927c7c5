"""Faults: what the bot sees, and whether the call had its effect."""

import pytest
import requests

from tests.simulator.client import Background
from tests.support import waiting


@pytest.fixture
def person(telegram):
    return telegram.customer()


def send(telegram, person, text="x"):
    return telegram.raw("sendMessage", chat_id=person, text=text)


@pytest.mark.parametrize(
    ("kind", "description"),
    [
        ("400", "Bad Request: chat not found"),
        ("401", "Unauthorized"),
        ("403", "Forbidden: bot was blocked by the user"),
        (
            "409",
            "Conflict: terminated by other getUpdates request; "
            "make sure that only one bot instance is running",
        ),
        ("500", "Internal Server Error"),
    ],
)
def test_it_refuses_without_effect(telegram, person, kind, description):
    telegram.fault(kind, count=1)
    answer = send(telegram, person)
    assert answer.status_code == int(kind)
    assert answer.json() == {"ok": False, "error_code": int(kind), "description": description}
    assert telegram.texts(person) == ["/start"]
    entry = telegram.journal()[-1]
    assert (entry["applied"], entry["fault"]) == (False, kind)


def test_it_refuses_in_words_of_choice(telegram, person):
    telegram.fault("400", description="Bad Request: something new")
    assert send(telegram, person).json()["description"] == "Bad Request: something new"


def test_it_says_how_long_to_wait(telegram, person):
    telegram.fault("429", retry_after=7, count=1)
    answer = send(telegram, person)
    assert answer.json() == {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests: retry after 7",
        "parameters": {"retry_after": 7},
    }
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert telegram.texts(person) == ["/start"]


def test_it_answers_html_of_a_gateway(telegram, person):
    telegram.fault("502html", count=1)
    answer = send(telegram, person)
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (502, "text/html")
    assert "<h1>502 Bad Gateway</h1>" in answer.text
    assert telegram.texts(person) == ["/start"]


def test_it_answers_nothing_after_applying(telegram, person):
    telegram.fault("empty", count=1)
    answer = send(telegram, person)
    assert (answer.status_code, answer.content) == (200, b"")
    assert telegram.texts(person) == ["/start", "x"]


@pytest.mark.parametrize(
    ("kind", "is_applied"),
    [("cut_before", False), ("cut_after", True), ("cut_body", True), ("hang", False)],
)
def test_it_breaks_the_connection(telegram, person, kind, is_applied):
    telegram.fault(kind, count=1, seconds=0.1)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        send(telegram, person)
    entry = telegram.journal()[-1]
    assert (entry["applied"], entry["fault"]) == (is_applied, kind)
    assert ("x" in telegram.texts(person)) is is_applied
    assert (entry["message_id"] == 2) is is_applied


def test_it_hangs_until_the_caller_gives_up(telegram, person):
    telegram.fault("hang", count=1)
    address = f"{telegram.url}/bot123456:AAtest_token-0123456789/sendMessage"
    with pytest.raises(requests.ReadTimeout):
        requests.post(address, json={"chat_id": person, "text": "x"}, timeout=0.3)
    assert telegram.texts(person) == ["/start"]


def test_it_is_slow_after_applying(telegram, person):
    telegram.fault("slow", count=1, seconds=1)
    call = Background(lambda: send(telegram, person))
    waiting.until(lambda: "x" in telegram.texts(person))
    assert call.answer().json()["result"]["text"] == "x"


@pytest.mark.parametrize("kind", ["500", "502html", "cut_before", "hang"])
def test_it_can_apply_what_it_refuses(telegram, person, kind):
    telegram.fault(kind, count=1, applied=True, seconds=0.1)
    Background(lambda: send(telegram, person))
    entries = telegram.get("/wait-for", journal_method="sendMessage", fault=kind)["entries"]
    assert entries[0]["applied"] is True
    assert telegram.texts(person) == ["/start", "x"]


def test_it_can_answer_nothing_without_applying(telegram, person):
    telegram.fault("empty", count=1, applied=False)
    send(telegram, person)
    assert telegram.texts(person) == ["/start"]


def test_it_strikes_so_often_and_no_more(telegram, person):
    fault = telegram.fault("500", count=2)
    assert [send(telegram, person).status_code for _ in range(3)] == [500, 500, 200]
    left = telegram.get("/faults")["faults"][0]
    assert (left["id"], left["count"], left["struck"]) == (fault["id"], 0, 2)


def test_it_strikes_after_so_many(telegram, person):
    telegram.fault("500", after=2, count=1)
    assert [send(telegram, person).status_code for _ in range(4)] == [200, 200, 500, 200]


def test_it_strikes_by_method_in_any_case(telegram, person):
    telegram.fault("500", method="SENDMESSAGE")
    assert telegram.raw("getMe").status_code == 200
    assert send(telegram, person).status_code == 500


def test_it_strikes_by_chat(telegram, person):
    other = telegram.customer()
    telegram.fault("500", chat=person)
    assert send(telegram, other).status_code == 200
    assert send(telegram, person).status_code == 500


def test_it_strikes_by_bot(telegram, person):
    other = telegram.post("/bots")
    telegram.fault("500", bot=other["id"])
    assert telegram.raw("getMe").status_code == 200
    assert telegram.raw("getMe", token=other["token"]).status_code == 500


def test_it_strikes_by_chance(telegram, person):
    telegram.post("/settings", seed=7)
    telegram.fault("500", probability=0.5)
    statuses = {send(telegram, person).status_code for _ in range(40)}
    assert statuses == {200, 500}


def test_it_never_strikes_with_a_chance_of_nothing(telegram, person):
    telegram.fault("500", probability=0)
    assert send(telegram, person).status_code == 200


def test_it_is_over_after_its_time(telegram, person):
    telegram.fault("500", for_seconds=0.3)
    waiting.until(lambda: send(telegram, person).status_code == 200)


def test_it_removes_one_fault_or_all(telegram, person):
    one, _ = telegram.fault("500"), telegram.fault("502html")
    assert telegram.control("DELETE", f"/faults/{one['id']}").json() == {"removed": 1}
    assert send(telegram, person).status_code == 502
    assert telegram.control("DELETE", "/faults").json() == {"removed": 1}
    assert send(telegram, person).status_code == 200
    assert telegram.control("DELETE", f"/faults/{one['id']}").status_code == 404


def test_it_repeats_updates_that_were_confirmed(telegram, person):
    old = telegram.says(person, "old")
    telegram.poll(offset=old)
    telegram.poll(offset=old + 1)
    telegram.fault("duplicate_updates", count=1)
    new = telegram.says(person, "new")
    answer = [update["update_id"] for update in telegram.poll(offset=old + 1)]
    assert answer[-1] == new
    assert old in answer
    assert telegram.states()[old] == "confirmed"
    assert [update["update_id"] for update in telegram.poll(offset=old + 1)] == [new]


def test_it_brings_updates_in_another_order(telegram, person):
    ids = [telegram.says(person, str(number)) for number in range(5)]
    telegram.fault("reorder_updates", count=1)
    answer = [update["update_id"] for update in telegram.poll()]
    assert sorted(answer) == ids
    assert answer != ids
    assert [update["update_id"] for update in telegram.poll()] == ids


def test_it_hands_updates_out_into_a_cut_connection(telegram, person):
    update_id = telegram.says(person, "x")
    telegram.fault("cut_after", method="getUpdates", count=1)
    with pytest.raises(requests.ConnectionError):
        telegram.poll()
    assert telegram.journal()[-1]["updates"] == [update_id]
    assert [update["update_id"] for update in telegram.poll()] == [update_id]


def is_refused(telegram):
    try:
        telegram.socket().close()
    except ConnectionRefusedError:
        return True
    return False


def test_it_refuses_connections_and_comes_back(telegram, person):
    poll = telegram.begin_poll()
    telegram.fault("refuse", seconds=1)
    waiting.until(lambda: is_refused(telegram))
    waiting.until(lambda: not is_refused(telegram))
    assert send(telegram, person).status_code == 200
    with pytest.raises(requests.ConnectionError):
        poll.answer()


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"kind": "earthquake"}, "kind"),
        ({}, "kind"),
        ({"kind": "500", "method": "sendPoll"}, "method"),
        ({"kind": "duplicate_updates", "method": "sendMessage"}, "method"),
        ({"kind": "500", "bot": 1}, "bot"),
        ({"kind": "500", "probability": 2}, "probability"),
        ({"kind": "500", "count": 0}, "count"),
        ({"kind": "refuse", "bot": 123456}, "refuse"),
        ({"kind": "500", "applied": "yes"}, "applied"),
        ({"kind": "500", "often": True}, "often"),
    ],
)
def test_it_names_what_is_wrong(telegram, fields, word):
    assert telegram.refused("/faults", **fields).startswith(word)
