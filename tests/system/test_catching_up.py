"""A page that was cut off has everything afterwards, in order, without a reload."""

from typing import Any

import pytest

from tests.support.house import Agent, Customer, House
from tests.support.reducer import after, chat_after

pytestmark = pytest.mark.slow

CUSTOMERS = 5
MESSAGES = 500


def test_a_socket_cut_during_500_messages_ends_equal_to_a_fresh_load(house: House) -> None:
    lena = Agent(house, house.person("Lena"))
    loaded = lena.opens_page()
    customers = [house.customer(f"Customer {number}") for number in range(CUSTOMERS)]
    for customer in customers:
        customer.says("hello")
        lena.sees("session.changed", state="assigned")
    for number in range(MESSAGES):
        if number == MESSAGES // 5:
            lena.loses_connection()
        if number == MESSAGES // 2:
            lena.connects()
        customers[number % CUSTOMERS].says(f"message {number}")
    catch_up(lena, f"message {MESSAGES - 1}")

    fresh = lena.snapshot()
    while lena.head < fresh["head"]:
        lena.frames_until(lambda frame: frame["type"] == "events")
    assert without_clock(after(loaded, lena.events)) == without_clock(
        {**fresh, "head": last_number(loaded, lena)}
    )
    for row in fresh["mine"]:
        detail = lena.get(f"sessions/{row['id']}")
        texts = [one["text"] for one in detail["messages"] if one["text"].startswith("message")]
        assert texts == expected(customers, row)[-len(texts) :]
        empty = {**detail, "messages": [], "head": loaded["head"]}
        assert chat_after(empty, lena.events)["messages"][-20:] == detail["messages"][-20:]


def catch_up(agent: Agent, text: str) -> None:
    agent.sees("message.changed", text=text, seconds=60)


def last_number(loaded: dict[str, Any], agent: Agent) -> int:
    return int(agent.events[-1]["n"]) if agent.events else int(loaded["head"])


def expected(customers: list[Customer], row: dict[str, Any]) -> list[str]:
    place = int(row["customer"]["name"].split()[1])
    return [f"message {number}" for number in range(MESSAGES) if number % len(customers) == place]


def without_clock(snapshot: dict[str, Any]) -> dict[str, Any]:
    """Presence apart from since when: leases of this test's own sockets come and go."""
    rows = [{**row, "since": None} for row in snapshot["presence"]]
    return {**snapshot, "presence": rows}
