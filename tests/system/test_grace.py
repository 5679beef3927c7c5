"""Every process dies while the grace of an owner runs: nothing of it is forgotten."""

import os
import signal
import time
from pathlib import Path

import pytest
import requests

from tests.support import furnished
from tests.support.house import Agent, House
from tests.support.waiting import until


def comes_back(house: House) -> bool:
    """As whoever watches the processes sees to it."""
    house.supervisor.look_after()
    if not all(child.is_alive() for child in house.supervisor.children):
        return False
    try:
        return requests.get(f"{house.web}/readyz", timeout=10).ok
    except requests.RequestException:
        return False


def is_lenas(house: House, lena: Agent, customer: str) -> str:
    """A session of hers, whose page is gone long enough for the sweep to see it; its id."""
    lena.events.clear()
    lena.opens_page()
    house.customer(customer).says("Where is my kettle?")
    session = lena.sees("session.changed", state="assigned")["id"]
    lena.closes_page()
    time.sleep(4)  # the sweep has seen it, and the grace runs
    return str(session)


def all_are_killed(house: House) -> None:
    for child in house.supervisor.children:
        if child.program.name != "simulator":
            os.killpg(child.process.pid, signal.SIGKILL)
    until(lambda: comes_back(house), 60)


def goes_to_tom(tom: Agent, session: str) -> None:
    tom.opens_page()
    for _ in range(30):  # he is there all the while
        if any(event["data"].get("id") == session for event in tom.events):
            break
        tom.beats()
        tom.is_cut_off(1)
    row = tom.sees("session.changed", id=session, state="assigned")
    assert row["owner"]["name"].startswith("Tom")
    lines = [one["kind"] for one in tom.get(f"sessions/{session}")["messages"]]
    assert lines.count("released") == 1
    assert lines.count("assigned") == 2


def ends(tom: Agent, session: str) -> None:
    """Nobody is there any more."""
    tom.post(f"sessions/{session}/complete").raise_for_status()
    tom.closes_page()
    until(lambda: {one["state"] for one in tom.snapshot()["presence"]} == {"offline"}, 30)


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    "rounds",
    [
        pytest.param(1, marks=pytest.mark.brief),
        pytest.param(20, marks=pytest.mark.long(seconds=400)),
    ],
)
def test_a_session_goes_on_to_a_colleague_although_all_were_killed_meanwhile(
    rounds: int, tmp_path: Path, redis_url: str
) -> None:
    with furnished.production(
        tmp_path / "data",
        redis_url=redis_url,
        GRACE_SECONDS="8",
        LEASE_SECONDS="6",
        CLOSE_SECONDS="1",
        BEAT_SECONDS="2",
    ) as house:
        lena, tom = (Agent(house, house.person(name)) for name in ("Lena", "Tom"))
        for number in range(rounds):
            session = is_lenas(house, lena, f"Mei {number}")
            all_are_killed(house)
            goes_to_tom(tom, session)
            ends(tom, session)
