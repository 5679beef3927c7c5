"""Updates nobody sent: poison, bursts, repetitions."""

import requests

from tests.simulator.client import TOKEN


def body_of_poll(telegram):
    return requests.get(f"{telegram.url}/bot{TOKEN}/getUpdates", timeout=20).text


def test_it_hands_out_raw_text_as_it_stands(telegram):
    raw = '{"message" : {"text":"\\u0000\\ud800", "text":1e999}}'
    added = telegram.post("/updates/raw", bot=telegram.bot, raw=raw)
    assert body_of_poll(telegram) == (
        f'{{"ok":true,"result":[{{"update_id":{added["update_id"]},{raw[1:]}]}}'
    )


def test_it_numbers_updates_that_have_no_number(telegram):
    for update in ({}, {"message": {"chat": {"id": 5}, "message_id": 7}}):
        telegram.post("/updates/raw", bot=telegram.bot, update=update)
    one, two = telegram.poll()
    assert two["update_id"] == one["update_id"] + 1
    known = telegram.get("/updates", bot=telegram.bot)[-1]
    assert (known["chat"], known["message_id"]) == (5, 7)


def test_it_goes_on_from_a_number_that_was_given(telegram):
    person = telegram.customer()
    number = telegram.says(person, "x") + 1000
    telegram.post("/updates/raw", bot=telegram.bot, update={"update_id": number})
    assert telegram.says(person, "y") == number + 1


def test_it_hands_out_an_old_number_once(telegram):
    person = telegram.customer()
    number = telegram.says(person, "x")
    telegram.poll(offset=number + 1)
    telegram.post("/updates/raw", bot=telegram.bot, update={"update_id": number - 5, "new": {}})
    assert telegram.poll(offset=number + 1) == [{"update_id": number - 5, "new": {}}]
    assert telegram.poll(offset=number + 1) == []


def test_it_carries_what_is_no_update_at_all(telegram):
    for raw in ("42", "null", "[]", '"text"', '{"update_id": true}', '{"update_id": "7"}'):
        telegram.post("/updates/raw", bot=telegram.bot, raw=raw)
    assert telegram.poll() == [42, None, [], "text", {"update_id": True}, {"update_id": "7"}]
    last = max(telegram.states())
    assert telegram.poll(offset=last + 1) == []


def test_it_refuses_what_would_break_the_answer(telegram):
    for fields in ({"raw": "{"}, {}, {"raw": "1", "update": {}}, {"update": 5}):
        assert telegram.refused("/updates/raw", bot=telegram.bot, **fields)


def test_it_queues_a_burst_of_many_people_in_turn(telegram):
    burst = telegram.post("/updates/burst", bot=telegram.bot, people=3, messages=400)
    assert burst["count"] == len(burst["update_ids"]) == 1200
    chats = [update["message"]["chat"]["id"] for update in telegram.poll(limit=6)]
    assert chats == burst["people"] * 2
    assert telegram.texts(burst["people"][0])[-1] == "burst 400 of 400"
    answer = telegram.call("sendMessage", chat_id=burst["people"][2], text="hello")
    assert answer["message_id"] == 401


def test_it_queues_a_burst_for_every_bot_at_once(telegram):
    other = telegram.post("/bots", username="other_bot")["id"]
    assert telegram.post("/updates/burst", every_bot=True, messages=3)["count"] == 6
    queued = [telegram.get("/updates", bot=bot) for bot in (telegram.bot, other)]
    assert [len(updates) for updates in queued] == [3, 3]


def test_it_delivers_a_confirmed_update_again(telegram):
    person = telegram.customer()
    number = telegram.says(person, "once more")
    telegram.poll(offset=number)
    telegram.poll(offset=number + 1)
    poll = telegram.begin_poll(offset=number + 1)
    telegram.post("/updates/redeliver", bot=telegram.bot, update_id=number)
    result = poll.answer().json()["result"]
    assert [update["update_id"] for update in result] == [number]
    assert telegram.poll(offset=number + 1) == []
    again = telegram.get("/updates", bot=telegram.bot)[-1]
    assert (again["state"], again["times_handed_out"]) == ("confirmed", 2)
    assert "never had" in telegram.refused("/updates/redeliver", bot=telegram.bot, update_id=1)


def test_it_delivers_again_nothing_newer_than_what_must_stay_behind(telegram):
    """Telegram hands out the oldest first: an offset past a newer one would confirm them unseen."""
    numbers = telegram.post("/updates/burst", bot=telegram.bot, messages=5)["update_ids"]
    telegram.post("/updates/redeliver", bot=telegram.bot, update_id=numbers[4])
    first = [update["update_id"] for update in telegram.poll(limit=3)]
    assert first == numbers[:2]
    second = [update["update_id"] for update in telegram.poll(offset=numbers[2], limit=100)]
    assert sorted(second) == sorted([*numbers[2:], numbers[4]])
