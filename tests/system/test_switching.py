"""Polling and webhook, switched while people write and disturbed: 0 lost, 0 doubled, in order."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.support.house import Agent, Customer, House
from tests.support.waiting import until

pytestmark = pytest.mark.slow

CUSTOMERS = 10
EACH = 30
SWITCHES = 6


def switch(house: House, manager: Agent, mode: str) -> None:
    path = f"{house.web}/console/projects/{manager.project}/bot/mode/"
    sent = {"mode": mode, "csrfmiddlewaretoken": manager.http.cookies["csrftoken"]}
    answer = manager.http.post(path, sent, timeout=30)
    said = "Telegram delivers now." if mode == "webhook" else "The gateway reads it now."
    assert said in answer.text


def write(customers: list[Customer], number: int) -> None:
    for customer in customers:
        customer.says(f"message {number}")


def texts(manager: Agent, session: str) -> list[str]:
    messages = manager.get(f"sessions/{session}")["messages"]
    return [one["text"] for one in messages if one["text"].startswith("message")]


def outcomes(house: House) -> set[str]:
    """What has become of the updates, as Telegram sees it."""
    address = f"{house.simulator}/control/updates?bot={house.bot}"
    return {update["state"] for update in requests.get(address, timeout=30).json()}


def test_a_webhook_that_somebody_removed_is_set_again_by_itself(house: House) -> None:
    manager = Agent(house, house.person("Marek"))
    manager.opens_page()
    switch(house, manager, "webhook")
    mei = house.customer("Mei")
    manager.sees("message.changed", text="/start")
    [bot] = house.control("bots")["bots"]
    requests.post(f"{house.simulator}/bot{bot['token']}/deleteWebhook", timeout=30)
    mei.says("is anybody there?")
    manager.sees("project.changed", seconds=60, bot={**named(bot), "state": "elsewhere"})
    manager.sees("message.changed", text="is anybody there?", seconds=60)
    manager.sees("project.changed", seconds=60, bot={**named(bot), "state": "ok"})


def named(bot: dict[str, Any]) -> dict[str, Any]:
    """The bot as events name it."""
    return {"username": bot["username"], "name": bot["name"]}


def test_a_stream_of_300_messages_comes_whole_through_six_switches(house: House) -> None:
    manager = Agent(house, house.person("Marek"))
    customers = [house.customer(f"Customer {number}") for number in range(CUSTOMERS)]
    rounds = iter(range(EACH))
    with ThreadPoolExecutor(1) as people:
        for place in range(SWITCHES):
            written = [
                people.submit(write, customers, next(rounds)) for _ in range(EACH // SWITCHES)
            ]
            switch(house, manager, "polling" if place % 2 else "webhook")
            written[-1].result()
    expected = [f"message {number}" for number in range(EACH)]

    def timelines() -> list[list[str]]:
        rows = manager.get(f"projects/{manager.project}/sessions?tab=unassigned")["sessions"]
        return [texts(manager, row["id"]) for row in rows]

    until(lambda: sum(len(one) for one in timelines()) >= CUSTOMERS * EACH, 60)
    assert timelines() == [expected] * CUSTOMERS
    assert outcomes(house) == {"confirmed"}
