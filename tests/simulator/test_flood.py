"""Flood limits, once a test has set them."""


def test_it_limits_sends_per_chat(telegram):
    ada, boris = telegram.customer(), telegram.customer()
    telegram.post("/settings", flood_per_chat=0.02)
    telegram.call("sendMessage", chat_id=ada, text="one")
    answer = telegram.raw("sendMessage", chat_id=ada, text="two").json()
    assert (answer["error_code"], answer["parameters"]) == (429, {"retry_after": 50})
    telegram.call("sendMessage", chat_id=boris, text="another chat")
    assert telegram.call("sendChatAction", chat_id=ada, action="typing") is True
    assert telegram.texts(ada)[-1] == "one"


def test_it_limits_sends_per_bot(telegram):
    people = [telegram.customer() for _ in range(2)]
    other = telegram.post("/bots")
    telegram.post("/settings", flood_per_bot=0.02)
    answers = [telegram.raw("sendMessage", chat_id=person, text="x") for person in people]
    assert [answer.status_code for answer in answers] == [200, 429]
    telegram.post(f"/people/{people[1]}/start", bot=other["id"])
    answer = telegram.raw("sendMessage", token=other["token"], chat_id=people[1], text="x")
    assert answer.status_code == 200


def test_it_has_no_limits_by_itself(telegram):
    person = telegram.customer()
    answers = {telegram.raw("sendMessage", chat_id=person, text="x").status_code for _ in range(40)}
    assert answers == {200}


def test_it_shows_its_settings_and_refuses_nonsense(telegram):
    telegram.post("/settings", flood_per_bot=30, webhook_retry_base=1)
    settings = telegram.get("/settings")
    assert settings == {
        "poll_throttle": 0,
        "webhook_retry_base": 1,
        "flood_per_bot": 30,
        "flood_per_chat": None,
    }
    assert telegram.refused("/settings", flood_per_bot="many").startswith("flood_per_bot")
