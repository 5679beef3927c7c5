"""Editing, deleting, and answering button presses."""

KEYS = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}


def sent(telegram, person, **params):
    fields = {"text": "first"} | params
    return telegram.call("sendMessage", chat_id=person, **fields)["message_id"]


def test_it_changes_a_text_in_place(telegram):
    person = telegram.customer()
    number = sent(telegram, person)
    edited = telegram.call(
        "editMessageText", chat_id=person, message_id=number, text="<b>new</b>", parse_mode="HTML"
    )
    assert (edited["message_id"], edited["text"]) == (number, "new")
    assert edited["edit_date"] >= edited["date"]
    assert telegram.texts(person)[-1] == "new"


def test_it_refuses_an_edit_that_changes_nothing(telegram):
    person = telegram.customer()
    number = sent(telegram, person, reply_markup=KEYS)
    code, description = telegram.error(
        "editMessageText", chat_id=person, message_id=number, text="first", reply_markup=KEYS
    )
    assert code == 400
    assert description.startswith("Bad Request: message is not modified: specified new message")


def test_it_drops_buttons_that_an_edit_leaves_out(telegram):
    person = telegram.customer()
    number = sent(telegram, person, reply_markup=KEYS)
    edited = telegram.call("editMessageText", chat_id=person, message_id=number, text="first")
    assert "reply_markup" not in edited


def test_it_edits_only_what_is_there_and_its_own(telegram):
    person = telegram.customer()
    fields = {"chat_id": person, "text": "x"}
    assert telegram.error("editMessageText", message_id=99, **fields) == (
        400,
        "Bad Request: message to edit not found",
    )
    assert telegram.error("editMessageText", message_id=1, **fields) == (
        400,
        "Bad Request: message can't be edited",
    )


def test_it_edits_captions_and_buttons_apart(telegram):
    person = telegram.customer()
    photo = telegram.act(person, "send", kind="photo")["message_id"]
    assert telegram.error(
        "editMessageCaption", chat_id=person, message_id=sent(telegram, person), caption="x"
    ) == (400, "Bad Request: there is no caption in the message to edit")
    content = telegram.transcript(person)[photo - 1]["content"]
    assert content[0]["file_id"]
    own = telegram.call("sendPhoto", chat_id=person, photo=content[0]["file_id"])["message_id"]
    where = {"chat_id": person, "message_id": own}
    assert telegram.call("editMessageCaption", caption="new", **where)["caption"] == "new"
    assert telegram.call("editMessageReplyMarkup", reply_markup=KEYS, **where)["caption"] == "new"
    assert telegram.error("editMessageText", text="x", **where) == (
        400,
        "Bad Request: there is no text in the message to edit",
    )


def test_it_deletes_for_both_sides(telegram):
    person = telegram.customer()
    number = sent(telegram, person)
    assert telegram.call("deleteMessage", chat_id=person, message_id=number) is True
    assert telegram.texts(person) == ["/start"]
    assert telegram.error("deleteMessage", chat_id=person, message_id=number) == (
        400,
        "Bad Request: message to delete not found",
    )


def test_it_deletes_nothing_older_than_48_hours(telegram):
    burst = telegram.post(
        "/updates/burst", bot=telegram.bot, people=1, messages=2, age=49 * 3600 * 2
    )
    [person] = burst["people"]  # the first is 98 hours old, the second 49
    assert telegram.error("deleteMessage", chat_id=person, message_id=2) == (
        400,
        "Bad Request: message can't be deleted for everyone",
    )
    assert len(telegram.texts(person)) == 2


def test_it_deletes_several_and_skips_those_that_are_gone(telegram):
    person = telegram.customer()
    numbers = [sent(telegram, person), sent(telegram, person), 99]
    assert telegram.call("deleteMessages", chat_id=person, message_ids=numbers) is True
    assert telegram.texts(person) == ["/start"]
    for wrong in ([], list(range(101)), "x", ["1"]):
        code, _ = telegram.error("deleteMessages", chat_id=person, message_ids=wrong)
        assert code == 400


def test_it_answers_a_button_press_once(telegram):
    person = telegram.customer()
    number = sent(telegram, person, reply_markup=KEYS)
    pressed = telegram.act(person, "press", message_id=number, data="y")
    query = telegram.poll()[-1]["callback_query"]
    assert (query["id"], query["data"]) == (pressed["callback_query_id"], "y")
    assert (query["from"]["id"], query["message"]["message_id"]) == (person, number)
    long_text = {"callback_query_id": query["id"], "text": "x" * 201}
    assert telegram.error("answerCallbackQuery", **long_text)[0] == 400
    assert telegram.call("answerCallbackQuery", callback_query_id=query["id"]) is True
    code, description = telegram.error("answerCallbackQuery", callback_query_id=query["id"])
    assert (code, description.startswith("Bad Request: query is too old")) == (400, True)


def test_it_presses_only_buttons_that_are_there(telegram):
    person = telegram.customer()
    number = sent(telegram, person, reply_markup=KEYS)
    path = f"/people/{person}/press"
    assert "no button" in telegram.refused(path, bot=telegram.bot, message_id=number, data="n")
    assert "message_id" in telegram.refused(path, bot=telegram.bot, message_id=99, data="y")
