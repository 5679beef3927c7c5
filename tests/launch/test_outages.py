"""./run --full while its servers and processes die under traffic: it comes back by itself."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import psycopg
import pytest
import requests

from tests.support.house import Customer, House
from tests.support.servers import folder_for, free_port
from tests.support.waiting import until
from tgstaff.launch import demo
from tgstaff.launch.full import FullInstallation
from tgstaff.launch.installation import BASE_DIR, read_env

START_S = 180
BACK_S = 90  # on a busy machine; docs/operations.md has what is promised
PAUSE_S = 0.1
FAULTS = [
    ("postgresql", signal.SIGKILL),
    ("postgresql", signal.SIGINT),
    ("valkey", signal.SIGKILL),
    ("web", signal.SIGKILL),
    ("gateway", signal.SIGKILL),
    ("worker", signal.SIGKILL),
    ("beat", signal.SIGKILL),
]
TIMELINE = """
    SELECT message.text
    FROM sessions_app_message message JOIN sessions_app_chatsession chat ON chat.id = session_id
    WHERE message.direction = 'in' AND message.chat_id = %s ORDER BY chat.number, message.number
"""


def first_of_two_free_ports() -> int:
    """The launcher gives the simulator the port after its own."""
    while True:
        port = free_port()
        with socket.socket() as after, suppress(OSError):
            after.bind(("127.0.0.1", port + 1))
            return port


class Launched(House):
    """A house that the real launcher runs; what it says on the terminal goes to a file."""

    def __init__(self, data: Path, terminal: Path) -> None:
        super().__init__(data)
        self.port = first_of_two_free_ports()
        self.web = f"http://127.0.0.1:{self.port}"
        self.simulator_port = self.port + 1
        self.simulator = f"http://127.0.0.1:{self.simulator_port}"
        self.terminal = terminal

    def said(self) -> str:
        return self.terminal.read_text()

    def pid(self, name: str) -> int:
        """As the terminal says."""
        told = re.findall(
            rf"^(?:    {name} +|{name} is started again: process )(\d+)$", self.said(), re.MULTILINE
        )
        return int(told[-1])

    def timeline(self, customer: Customer) -> list[str]:
        address = read_env(FullInstallation(self.data, self.port).servers_file)["DATABASE_URL"]
        with psycopg.connect(address, connect_timeout=5) as rows:
            return [text for (text,) in rows.execute(TIMELINE, [customer.person]).fetchall()]


@contextmanager
def launched(data: Path, terminal: Path) -> Iterator[Launched]:
    house = Launched(data, terminal)
    words = ["--full", "--data", str(data), "--port", str(house.port)]
    with terminal.open("w") as output:
        launcher = subprocess.Popen(
            [sys.executable, "-m", "tgstaff.launch", *words],
            cwd=BASE_DIR,
            env=os.environ | {"LOG_LEVEL": "WARNING", "PYTHONUNBUFFERED": "1"},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            until(lambda: "TG-Staff is ready." in house.said() or launcher.poll(), START_S)
            house.people = [
                demo.Person(**person)
                for person in json.loads(demo.passwords_file(house).read_text())["people"]
            ]
            yield house
        finally:
            launcher.send_signal(signal.SIGINT)
            assert launcher.wait(START_S) == 0, house.said()[-3000:]


class Writer(threading.Thread):
    """Customers who count aloud in turn, until told to stop."""

    def __init__(self, customers: list[Customer]) -> None:
        super().__init__(daemon=True)
        self.customers = customers
        self.written: dict[int, list[str]] = {who.person: [] for who in customers}
        self.stop = threading.Event()

    def run(self) -> None:
        number = 0
        while not self.stop.wait(PAUSE_S):
            number += 1
            customer = self.customers[number % len(self.customers)]
            customer.says(f"message {number}")
            self.written[customer.person].append(f"message {number}")


def seconds_until_well(house: Launched, caller: Customer, words: str) -> float:
    """Until the pages are answered and what a customer says now is in the timeline."""
    begun = time.monotonic()
    caller.says(words)
    until(lambda: is_answered(house), BACK_S)
    until(lambda: is_in_timeline(house, caller, words), BACK_S)
    return time.monotonic() - begun


def is_answered(house: Launched) -> bool:
    try:
        return requests.get(f"{house.web}/sign-in/", timeout=10).ok
    except requests.RequestException:
        return False


def is_in_timeline(house: Launched, caller: Customer, words: str) -> bool:
    try:
        return words in house.timeline(caller)
    except psycopg.OperationalError:
        return False


def strike(house: Launched, name: str, how: signal.Signals) -> None:
    """It dies, and the terminal says that it is there again."""
    before = house.pid(name)
    os.kill(before, how)
    until(lambda: house.pid(name) != before, BACK_S)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_whatever_dies_comes_back_and_nothing_is_lost_or_doubled(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with folder_for("outages-") as data, launched(data, tmp_path / "terminal") as house:
        customers = [house.customer(f"Customer {number}", starts=False) for number in range(5)]
        for customer in customers:
            customer.start()
        caller = house.customer("Caller")
        seconds_until_well(house, caller, "all is well")
        writer = Writer(customers)
        writer.start()
        figures = {}
        for number, (name, how) in enumerate(FAULTS):
            begun = time.monotonic()
            strike(house, name, how)
            seconds_until_well(house, caller, f"after {name} {number}")
            figures[f"{name} {how.name}"] = round(time.monotonic() - begun, 1)
        writer.stop.set()
        writer.join()
        record_property("seconds until all was well", figures)
        for customer in customers:
            sent = writer.written[customer.person]
            assert sent
            until(partial(is_in_timeline, house, customer, sent[-1]), BACK_S)
            told = house.timeline(customer)
            assert [text for text in told if text.startswith("message ")] == sent
