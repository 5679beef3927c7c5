"""One bad update in fifty: nobody else waits longer for it."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest

from tests.support.house import Agent, Customer, House
from tests.support.poison import BROKEN, NOBODYS

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

SECONDS = 1
BETWEEN = 50
CUSTOMERS = 10


def test_poison_delays_no_other_customer(
    house: House, record_property: Callable[[str, object], None]
) -> None:
    marek = Agent(house, house.person("Marek"))
    marek.opens_page()
    customers = [house.customer(f"Customer {number}") for number in range(CUSTOMERS)]
    victim = house.customer("Victim")
    numbers = iter(range(10**6))
    usual = max(longest(marek, speak(customers, numbers)) for _ in range(10))
    with_poison = []
    for raw in kinds(victim):
        house.control("updates/raw", {"bot": house.bot, "raw": raw})
        with_poison.append(longest(marek, speak(customers, numbers)))
    record_property(
        "longest wait",
        f"{usual:.2f} s usually, {max(with_poison):.2f} s over {len(with_poison)} kinds of poison",
    )
    assert max(with_poison) - usual <= SECONDS
    parked = [row for row in marek.events if row["data"].get("kind") == "unreadable"]
    assert len(parked) == len(BROKEN)


def kinds(victim: Customer) -> Iterator[str]:
    """As JSON text: what is none cannot come from Telegram's polling."""
    person = {"id": victim.person, "is_bot": False, "first_name": "Victim"}
    chat = {"id": victim.person, "type": "private", "first_name": "Victim"}
    for place, how in enumerate(BROKEN, start=1000):
        sound = {"message_id": place, "date": int(time.time()), "chat": chat, "from": person}
        yield json.dumps({"message": {**sound, **how}})
    for raw in NOBODYS:
        try:
            json.loads(raw)
        except (ValueError, RecursionError):
            continue
        yield raw.decode()


def speak(customers: list[Customer], numbers: Iterator[int]) -> dict[str, float]:
    """Fifty messages: when each was sent, by its text."""
    sent = {}
    for place in range(BETWEEN):
        text = f"message {next(numbers)}"
        sent[text] = time.time()
        customers[place % len(customers)].says(text)
    return sent


def longest(agent: Agent, sent: dict[str, float]) -> float:
    """The longest that a message took to get into the feed, in seconds."""
    agent.sees("message.changed", text=list(sent)[-1], seconds=120)
    came = {event["data"].get("text"): event["at"] for event in agent.events}
    return max(datetime.fromisoformat(came[text]).timestamp() - at for text, at in sent.items())
