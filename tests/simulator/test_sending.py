"""sendMessage and what else a bot does in a chat."""

import pytest


def send(telegram, chat, text, **params):
    return telegram.call("sendMessage", chat_id=chat, text=text, **params)


def test_it_gives_the_whole_message(telegram):
    person = telegram.customer(first_name="Ada", last_name="Lovelace", username="ada")
    message = send(telegram, person, "Hello")
    assert isinstance(message.pop("date"), int)
    assert message == {
        "message_id": 2,
        "from": {"id": 123456, "is_bot": True, "first_name": "Test", "username": "test_bot"},
        "chat": {
            "id": person,
            "first_name": "Ada",
            "last_name": "Lovelace",
            "username": "ada",
            "type": "private",
        },
        "text": "Hello",
    }


def test_it_counts_message_ids_per_chat_and_for_both_sides(telegram):
    ada, boris = telegram.customer(), telegram.customer()
    assert send(telegram, ada, "2")["message_id"] == 2
    assert telegram.act(ada, "send", text="3")["message_id"] == 3
    assert send(telegram, ada, "4")["message_id"] == 4
    assert send(telegram, boris, "2")["message_id"] == 2


@pytest.mark.parametrize("text", ["x" * 4096, "😀" * 2048, "<b>" + "x" * 4096 + "</b>"])
def test_it_takes_4096_utf16_units_after_parsing(telegram, text):
    person = telegram.customer()
    assert send(telegram, person, text, parse_mode="HTML")["message_id"] == 2


@pytest.mark.parametrize(
    ("text", "description"),
    [
        ("", "message text is empty"),
        (" \n ", "text must be non-empty"),
        ("x" * 4097, "message is too long"),
        ("😀" * 2048 + "x", "message is too long"),
    ],
)
def test_it_refuses_texts_of_a_wrong_length(telegram, text, description):
    person = telegram.customer()
    assert telegram.error("sendMessage", chat_id=person, text=text) == (
        400,
        f"Bad Request: {description}",
    )


def test_it_trims_and_cleans_texts_as_telegram_does(telegram):
    person = telegram.customer()
    assert send(telegram, person, "  a\x00b\r\nc \n")["text"] == "a b\nc"


@pytest.mark.parametrize("chat", [1, -1001234, "@somebody", "nonsense"])
def test_it_does_not_find_chats_that_are_none(telegram, chat):
    assert telegram.error("sendMessage", chat_id=chat, text="x") == (
        400,
        "Bad Request: chat not found",
    )


def test_it_wants_a_chat(telegram):
    assert telegram.error("sendMessage", text="x") == (400, "Bad Request: chat_id is empty")


def test_it_lets_nobody_be_written_to_before_start(telegram):
    person = telegram.person()
    refusal = (403, "Forbidden: bot can't initiate conversation with a user")
    assert telegram.error("sendMessage", chat_id=person, text="x") == refusal
    assert telegram.error("sendChatAction", chat_id=person, action="typing") == refusal
    telegram.act(person, "start")
    assert send(telegram, person, "x")["text"] == "x"


def test_it_refuses_messages_to_those_who_blocked_the_bot(telegram):
    person = telegram.customer()
    telegram.act(person, "block")
    assert telegram.error("sendMessage", chat_id=person, text="x") == (
        403,
        "Forbidden: bot was blocked by the user",
    )
    telegram.act(person, "unblock")
    assert send(telegram, person, "x")["text"] == "x"


def test_it_refuses_messages_to_deleted_accounts(telegram):
    person = telegram.customer()
    telegram.post(f"/people/{person}/deactivate")
    assert telegram.error("sendMessage", chat_id=person, text="x") == (
        403,
        "Forbidden: user is deactivated",
    )


@pytest.mark.parametrize("how", ["reply_parameters", "reply_to_message_id"])
def test_it_quotes_the_message_that_is_answered(telegram, how):
    person = telegram.customer()
    asked = telegram.act(person, "send", text="Why?")["message_id"]
    value = {"message_id": asked} if how == "reply_parameters" else asked
    message = send(telegram, person, "Because", **{how: value})
    assert message["reply_to_message"]["text"] == "Why?"
    assert telegram.transcript(person)[-1]["reply_to"] == asked


def test_it_refuses_replies_to_nothing_unless_allowed(telegram):
    person = telegram.customer()
    gone = {"message_id": 99}
    assert telegram.error("sendMessage", chat_id=person, text="x", reply_parameters=gone) == (
        400,
        "Bad Request: message to be replied not found",
    )
    allowed = gone | {"allow_sending_without_reply": True}
    assert "reply_to_message" not in send(telegram, person, "x", reply_parameters=allowed)


def test_it_shows_the_person_what_the_bot_sent(telegram):
    person = telegram.customer()
    send(telegram, person, "Hello")
    row = telegram.transcript(person)[-1]
    assert (row["from"], row["text"], row["message_id"]) == ("bot", "Hello", 2)


@pytest.mark.parametrize(("data", "ok"), [("x" * 64, True), ("x" * 65, False), ("", False)])
def test_it_takes_button_data_of_1_to_64_bytes(telegram, data, ok):
    person = telegram.customer()
    markup = {"inline_keyboard": [[{"text": "Yes", "callback_data": data}]]}
    answer = telegram.raw("sendMessage", chat_id=person, text="?", reply_markup=markup).json()
    assert answer["ok"] is ok
    assert ok or answer["description"] == "Bad Request: BUTTON_DATA_INVALID"


def test_it_refuses_markup_that_cannot_be_read(telegram):
    person = telegram.customer()
    for markup in ("{", "[]", {"inline_keyboard": [[{"text": ""}]]}):
        code, _ = telegram.error("sendMessage", chat_id=person, text="?", reply_markup=markup)
        assert code == 400


def test_it_tells_what_the_bot_is_doing(telegram):
    person = telegram.customer()
    assert telegram.call("sendChatAction", chat_id=person, action="typing") is True
    assert telegram.error("sendChatAction", chat_id=person, action="sleeping") == (
        400,
        "Bad Request: wrong parameter action in request",
    )
