"""The journal and `wait-for`: the oracle of what was accepted, and when."""

import pytest

from tests.simulator.client import TOKEN, Background


def waiting_for(telegram, **query):
    return Background(lambda: telegram.control("GET", "/wait-for", **query))


def test_it_records_every_call_in_order(telegram):
    person = telegram.customer()
    before = len(telegram.journal())
    telegram.call("sendMessage", chat_id=person, text="yes")
    telegram.error("sendMessage", chat_id=person, text="")
    accepted, refused = telegram.journal(since=before)
    assert (accepted["seq"], refused["seq"]) == (before + 1, before + 2)
    assert (accepted["applied"], refused["applied"]) == (True, False)
    assert accepted["params"] == {"chat_id": person, "text": "yes"}
    assert (accepted["bot"], accepted["message_id"], accepted["fault"]) == (123456, 2, None)
    assert accepted["answer"] == {"status": 200, "ok": True}
    assert refused["answer"]["description"] == "Bad Request: message text is empty"
    assert accepted["at"] <= refused["at"]
    assert accepted["monotonic"] <= refused["monotonic"]


def test_it_lists_the_updates_a_poll_was_given(telegram):
    person = telegram.customer()
    update_id = telegram.says(person, "hello")
    telegram.poll()
    assert telegram.journal(method="getupdates")[-1]["updates"] == [update_id]


def test_it_records_calls_of_strangers_without_their_token(telegram):
    telegram.raw("getMe", token="999:secret")
    entry = telegram.journal(bot=999)[0]
    assert (entry["applied"], entry["answer"]["status"]) == (False, 401)
    assert "secret" not in str(telegram.journal())
    assert TOKEN.partition(":")[2] not in str(telegram.journal())


def test_it_filters_by_bot_method_chat_and_text(telegram):
    ada, boris = telegram.customer(), telegram.customer()
    for person, text in [(ada, "one"), (ada, "two"), (boris, "one")]:
        telegram.call("sendMessage", chat_id=person, text=text)
    sent = {"method": "sendMessage"}
    assert len(telegram.journal(**sent)) == 3
    assert len(telegram.journal(chat=ada, **sent)) == 2
    assert len(telegram.journal(text="one", **sent)) == 2
    assert len(telegram.journal(text_contains="w", **sent)) == 1
    assert telegram.journal(bot=1) == []


def test_it_waits_until_enough_calls_were_accepted(telegram):
    person = telegram.customer()
    waiter = waiting_for(telegram, journal_method="sendMessage", chat=person, count=2)
    telegram.call("sendMessage", chat_id=person, text="one")
    telegram.error("sendMessage", chat_id=person, text="")
    telegram.call("sendMessage", chat_id=person, text="two")
    telegram.call("sendMessage", chat_id=person, text="three")
    entries = waiter.answer().json()["entries"]
    assert [entry["params"]["text"] for entry in entries] == ["one", "two"]


def test_it_finds_what_has_happened_already(telegram):
    person = telegram.customer()
    telegram.call("sendMessage", chat_id=person, text="hello")
    found = telegram.get("/wait-for", journal_method="sendmessage", text="hello", timeout=0)
    assert len(found["entries"]) == 1


def test_it_gives_up_with_408(telegram):
    person = telegram.customer()
    update_id = telegram.says(person, "x")
    for query in (
        {"journal_method": "sendMessage"},
        {"confirmed": update_id, "bot": telegram.bot},
        {"handed_out": update_id, "bot": telegram.bot},
    ):
        answer = telegram.control("GET", "/wait-for", timeout=0, **query)
        assert (answer.status_code, "error" in answer.json()) == (408, True)


def test_it_waits_for_calls_that_a_fault_has_struck(telegram):
    person = telegram.customer()
    telegram.fault("500", method="sendMessage")
    telegram.raw("sendMessage", chat_id=person, text="x")
    found = telegram.get("/wait-for", journal_method="sendMessage", fault="500", timeout=0)
    assert found["entries"][0]["applied"] is False


def test_it_waits_until_an_update_is_handed_out_and_confirmed(telegram):
    person = telegram.customer()
    update_id = telegram.says(person, "x")
    handed_out = waiting_for(telegram, handed_out=update_id, bot=telegram.bot)
    confirmed = waiting_for(telegram, confirmed=update_id, bot=telegram.bot)
    telegram.poll()
    assert handed_out.answer().json()["update"]["state"] in {"handed_out", "confirmed"}
    telegram.poll(offset=update_id + 1)
    assert confirmed.answer().json()["update"]["state"] == "confirmed"


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ({}, "journal_method"),
        ({"journal_method": "sendMessage", "cuont": 1}, "cuont"),
        ({"journal_method": "sendMessage", "timeout": "soon"}, "timeout"),
        ({"confirmed": 1}, "bot"),
        ({"confirmed": "x", "bot": 123456}, "confirmed"),
    ],
)
def test_it_names_what_is_wrong(telegram, query, word):
    answer = telegram.control("GET", "/wait-for", **query)
    assert answer.status_code == 400
    assert word in answer.json()["error"]


def test_it_forgets_everything_by_reset(telegram):
    person = telegram.customer()
    telegram.fault("500")
    telegram.post("/reset")
    assert telegram.journal() == []
    assert telegram.get("/people")["people"] == []
    assert telegram.get("/bots")["bots"] == []
    assert telegram.get("/faults")["faults"] == []
    assert telegram.control("GET", f"/people/{person}/transcript", bot=1).status_code == 404
