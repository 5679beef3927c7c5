"""getUpdates and the queue behind it."""

import json
import time

from simulator.updates import CALLBACK_RETENTION, RETENTION, State, Update, UpdateQueue
from tests.simulator.client import TOKEN
from tests.support import waiting

TERMINATED = (
    "Conflict: terminated by other getUpdates request; "
    "make sure that only one bot instance is running"
)


def numbers(updates):
    return [update["update_id"] for update in updates]


def test_it_numbers_updates_one_by_one(telegram):
    person = telegram.person()
    first = telegram.act(person, "start")["update_id"]
    telegram.says(person, "one")
    telegram.says(person, "two")
    assert numbers(telegram.poll()) == [first, first + 1, first + 2]


def test_it_confirms_what_is_below_the_offset_and_nothing_else(telegram):
    person = telegram.customer()
    one, two = telegram.says(person, "one"), telegram.says(person, "two")
    assert numbers(telegram.poll()) == [one, two]
    assert numbers(telegram.poll()) == [one, two]
    assert numbers(telegram.poll(offset=two)) == [two]
    states = telegram.states()
    assert (states[one], states[two]) == ("confirmed", "handed_out")
    assert telegram.poll(offset=two + 1) == []
    assert telegram.states()[two] == "confirmed"


def test_it_takes_limits_from_1_to_100_and_the_nearest_for_others(telegram):
    telegram.post("/updates/burst", bot=telegram.bot, people=1, messages=150)
    assert len(telegram.poll()) == 100
    assert len(telegram.poll(limit=7)) == 7
    assert len(telegram.poll(limit=500)) == 100
    assert len(telegram.poll(limit=0)) == 1


def test_it_wakes_a_waiting_poll_with_the_next_update(telegram):
    person = telegram.customer()
    poll = telegram.begin_poll()
    update_id = telegram.says(person, "wake up")
    assert numbers(poll.answer().json()["result"]) == [update_id]


def test_it_answers_an_empty_poll_when_its_time_is_over(telegram):
    assert telegram.poll(timeout=1) == []


def test_it_ends_the_older_of_two_polls(telegram):
    person = telegram.customer()
    older = telegram.begin_poll()
    newer = telegram.begin_poll()
    assert older.answer().json() == {"ok": False, "error_code": 409, "description": TERMINATED}
    update_id = telegram.says(person, "for the newer")
    assert numbers(newer.answer().json()["result"]) == [update_id]


def test_it_takes_a_poll_from_nobody_who_has_left(telegram):
    person = telegram.customer()
    with telegram.socket() as caller:
        path = f"/bot{TOKEN}/getUpdates?timeout=50"
        caller.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        waiting.until(telegram.is_polled)
    waiting.until(lambda: not telegram.is_polled())
    update_id = telegram.says(person, "nobody listens")
    assert telegram.states()[update_id] == "queued"
    assert numbers(telegram.poll()) == [update_id]
    assert not any(entry["answer"]["status"] == 409 for entry in telegram.journal())


def test_it_does_not_poll_under_a_webhook(telegram, receiver):
    telegram.call("setWebhook", url=receiver.url)
    assert telegram.error("getUpdates") == (
        409,
        "Conflict: can't use getUpdates method while webhook is active; "
        "use deleteWebhook to delete the webhook first",
    )
    telegram.call("deleteWebhook")
    assert telegram.poll() == []


def test_it_ends_a_waiting_poll_when_a_webhook_is_set(telegram, receiver):
    poll = telegram.begin_poll()
    telegram.call("setWebhook", url=receiver.url)
    description = poll.answer().json()["description"]
    assert description == "Conflict: terminated by setWebhook request"


def test_it_keeps_allowed_updates_until_they_are_given_again(telegram):
    person = telegram.customer()
    telegram.poll(allowed_updates=["message"])
    assert telegram.act(person, "block")["update_id"] is None
    telegram.poll()
    assert telegram.act(person, "unblock")["update_id"] is None
    telegram.poll(allowed_updates=json.dumps(["message", "my_chat_member"]))
    assert telegram.act(person, "block")["update_id"] is not None
    telegram.poll(allowed_updates=[])
    assert telegram.act(person, "unblock")["update_id"] is not None


def test_it_holds_a_repeated_offset_until_something_comes(telegram):
    """The second poll asks not to wait: only one that was held can see what came later."""
    person = telegram.customer()
    telegram.post("/settings", poll_throttle=50)
    telegram.poll(offset=7)
    held = telegram.begin_poll(offset=7, timeout=0)
    update_id = telegram.says(person, "later")
    assert numbers(held.answer().json()["result"]) == [update_id]


def test_it_forgets_all_but_the_newest_by_a_negative_offset(telegram):
    person = telegram.customer()
    one, two = telegram.says(person, "one"), telegram.says(person, "two")
    assert numbers(telegram.poll(offset=-1)) == [two]
    assert telegram.states()[one] == "confirmed"


def test_it_confirms_nothing_by_an_offset_of_the_future(telegram):
    person = telegram.customer()
    one = telegram.says(person, "one")
    assert numbers(telegram.poll(offset=one + 1000)) == [one]
    assert telegram.states()[one] == "handed_out"


def test_it_starts_numbers_anew_and_an_old_offset_loses_nothing(telegram):
    person = telegram.customer()
    old = telegram.says(person, "before the week of silence")
    telegram.poll(offset=old + 1)
    telegram.post("/updates/restart-ids", bot=telegram.bot, next_id=500)
    assert telegram.says(person, "after it") == 500
    assert numbers(telegram.poll(offset=max(old + 1, 1000))) == [500]
    assert telegram.poll(offset=501) == []


def test_it_drops_what_is_older_than_a_day(telegram):
    day_and_more = int(RETENTION * 2)
    burst = telegram.post(
        "/updates/burst", bot=telegram.bot, people=1, messages=4, age=day_and_more
    )
    left = numbers(telegram.poll())
    assert left == burst["update_ids"][-len(left) :]
    assert 1 <= len(left) <= 2
    assert telegram.states()[burst["update_ids"][0]] == "expired"


def test_it_drops_button_presses_after_150_seconds():
    queue = UpdateQueue(next_id=1)
    now = time.time()
    press = Update(1, "callback_query", "{}", date=now - CALLBACK_RETENTION - 1)
    message = Update(2, "message", "{}", date=now - CALLBACK_RETENTION - 1)
    queue.add(press)
    queue.add(message)
    assert queue.batch(100) == [message]
    assert press.state is State.EXPIRED


def test_it_says_when_updates_were_handed_out_and_confirmed(telegram):
    person = telegram.customer()
    update_id = telegram.says(person, "hello")
    telegram.poll()
    telegram.poll(offset=update_id + 1)
    update = telegram.get("/updates", bot=telegram.bot)[-1]
    assert update["queued_at"] <= update["handed_out_at"] <= update["confirmed_at"]
    assert (update["chat"], update["times_handed_out"]) == (person, 1)
