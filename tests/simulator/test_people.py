"""What people do on their phones, and what the bot hears of it."""

import pytest

from tests.simulator.client import TOKEN


def test_it_makes_people_with_ids_beyond_32_bits(telegram):
    person = telegram.post("/people", first_name="Ada", language_code="en")
    assert 2**33 <= person["id"] < 2**52
    assert (person["first_name"], person["language_code"]) == ("Ada", "en")
    assert telegram.get("/people")["people"] == [person]


def test_it_tells_the_bot_only_what_a_person_has(telegram):
    person = telegram.person(first_name="Ada")
    telegram.act(person, "start")
    message = telegram.poll()[0]["message"]
    assert message["from"] == {"id": person, "is_bot": False, "first_name": "Ada"}
    assert message["chat"] == {"id": person, "first_name": "Ada", "type": "private"}


def test_it_starts_with_the_payload_of_a_link(telegram):
    person = telegram.person()
    started = telegram.act(person, "start", payload="spring_sale-1")
    update = telegram.poll()[0]
    assert update["update_id"] == started["update_id"]
    assert update["message"]["message_id"] == started["message_id"]
    assert update["message"]["text"] == "/start spring_sale-1"
    assert update["message"]["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]


def test_it_starts_again_for_somebody_known(telegram):
    person = telegram.customer()
    telegram.act(person, "start", payload="again")
    assert telegram.poll()[0]["message"]["text"] == "/start again"


@pytest.mark.parametrize("payload", ["a b", "é", "x" * 65, "a/b"])
def test_it_refuses_payloads_no_link_can_have(telegram, payload):
    person = telegram.person()
    sentence = telegram.refused(f"/people/{person}/start", bot=telegram.bot, payload=payload)
    assert sentence.startswith("payload: ")


def test_it_opens_the_chat_with_any_message(telegram):
    person = telegram.person()
    telegram.act(person, "send", text="no START before")
    assert telegram.call("sendMessage", chat_id=person, text="x")["message_id"] == 2


def test_it_carries_replies(telegram):
    person = telegram.customer()
    said = telegram.call("sendMessage", chat_id=person, text="Hello")["message_id"]
    telegram.act(person, "send", text="Hi", reply_to=said)
    assert telegram.poll()[-1]["message"]["reply_to_message"]["text"] == "Hello"
    path = f"/people/{person}/send"
    assert "reply_to" in telegram.refused(path, bot=telegram.bot, text="x", reply_to=99)


def test_it_carries_edits_again_and_again(telegram):
    person = telegram.customer()
    number = telegram.act(person, "send", text="frist")["message_id"]
    telegram.act(person, "edit", message_id=number, text="first")
    telegram.act(person, "edit", message_id=number, text="first")
    *_, one, two = (update["edited_message"] for update in telegram.poll()[1:])
    assert one["text"] == two["text"] == "first"
    assert one["message_id"] == number
    assert one["edit_date"] >= one["date"]
    assert telegram.texts(person)[-1] == "first"


def test_it_edits_captions_too(telegram):
    person = telegram.customer()
    number = telegram.act(person, "send", kind="photo", text="see /old")["message_id"]
    telegram.act(person, "edit", message_id=number, text="new")
    edited = telegram.poll()[-1]["edited_message"]
    assert (edited["caption"], "caption_entities" in edited) == ("new", False)


def test_it_sends_contacts_and_places(telegram):
    person = telegram.customer()
    telegram.act(person, "send", kind="contact", contact={"first_name": "Zoe"})
    telegram.act(person, "send", kind="location", location={"latitude": 1.5})
    contact, place = (update["message"] for update in telegram.poll())
    assert contact["contact"]["first_name"] == "Zoe"
    assert contact["contact"]["phone_number"]
    assert place["location"]["latitude"] == 1.5


def test_it_sends_an_album_as_messages_of_one_group(telegram):
    person = telegram.customer()
    sent = telegram.act(person, "send", kind="album", count=4, text="four")
    messages = [update["message"] for update in telegram.poll()]
    assert [message["message_id"] for message in messages] == [2, 3, 4, 5]
    assert [item["message_id"] for item in sent["all"]] == [2, 3, 4, 5]
    assert len({message["media_group_id"] for message in messages}) == 1
    assert [message.get("caption") for message in messages] == ["four", None, None, None]


def test_it_tells_of_a_block_once_and_of_its_end(telegram):
    person = telegram.customer()
    telegram.act(person, "block")
    assert telegram.act(person, "block") == {"update_id": None}
    telegram.act(person, "unblock")
    blocked, unblocked = (update["my_chat_member"] for update in telegram.poll())
    assert blocked["old_chat_member"]["status"] == "member"
    assert blocked["new_chat_member"]["status"] == "kicked"
    assert unblocked["new_chat_member"]["status"] == "member"
    assert blocked["chat"]["id"] == blocked["from"]["id"] == person


def test_it_lifts_a_block_by_start(telegram):
    person = telegram.customer()
    telegram.act(person, "block")
    path = f"/people/{person}/send"
    assert "blocked" in telegram.refused(path, bot=telegram.bot, text="x")
    telegram.act(person, "start")
    kinds = [next(name for name in update if name != "update_id") for update in telegram.poll()]
    assert kinds == ["my_chat_member", "my_chat_member", "message"]


def test_it_keeps_lone_surrogates_and_nul_in_what_people_write(telegram):
    person = telegram.customer()
    telegram.says(person, "a\ud800\x00b")
    assert telegram.poll()[0]["message"]["text"] == "a\ud800\x00b"


def test_it_makes_bots_with_tokens_of_their_own(telegram):
    made = telegram.post("/bots", name="Acme", username="acme_bot")
    assert made["token"].startswith(f"{made['id']}:")
    assert (made["name"], made["username"]) == ("Acme", "acme_bot")
    again = telegram.post("/bots", token=TOKEN)
    assert (again["id"], again["username"]) == (123456, "test_bot")


def test_it_keeps_the_chats_of_two_bots_apart(telegram):
    person = telegram.customer()
    other = telegram.post("/bots")
    answer = telegram.raw("sendMessage", token=other["token"], chat_id=person, text="x")
    assert answer.status_code == 403
    assert telegram.get(f"/people/{person}/transcript", bot=other["id"])["messages"] == []


@pytest.mark.parametrize(
    ("path", "fields", "word"),
    [
        ("/bots", {"token": "abc"}, "token"),
        ("/bots", {"token": "123456:another"}, "token"),
        ("/bots", {"username": "Test_Bot"}, "username"),
        ("/bots", {"username": "a b"}, "username"),
        ("/bots", {"tokn": "x"}, "tokn"),
        ("/people", {"first_name": 7}, "first_name"),
        ("/people", {"id": -1}, "id"),
        ("/people/PERSON/send", {"bot": 1, "text": "x"}, "bot"),
        ("/people/PERSON/send", {"text": "x"}, "bot"),
        ("/people/PERSON/send", {"bot": 123456}, "text"),
        ("/people/PERSON/send", {"bot": 123456, "text": "x" * 4097}, "text"),
        ("/people/PERSON/send", {"bot": 123456, "kind": "poll"}, "kind"),
        ("/people/PERSON/send", {"bot": 123456, "kind": "album", "count": 11}, "count"),
        ("/people/PERSON/send", {"bot": 123456, "kind": "photo", "data_base64": "?"}, "data_b"),
        ("/people/PERSON/edit", {"bot": 123456, "message_id": 1}, "text"),
        ("/people/PERSON/edit", {"bot": 123456, "message_id": True, "text": "x"}, "message_id"),
        ("/people/PERSON/block", {"bot": 123456}, "bot"),
    ],
)
def test_it_names_what_is_wrong(telegram, path, fields, word):
    person = telegram.person()
    assert word in telegram.refused(path.replace("PERSON", str(person)), **fields).split(": ")[0]


def test_it_says_in_json_what_is_not_there(telegram):
    for verb, path in [("GET", "/nothing"), ("POST", "/people/5/start"), ("DELETE", "/bots")]:
        answer = telegram.control(verb, path)
        assert answer.status_code in {404, 405}
        assert answer.json()["error"]
