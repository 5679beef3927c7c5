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
    try:
        return requests.get(f"{house.web}/readyz", timeout=10).ok
    except requests.RequestException:
        return False


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.timeout(300)
def test_a_session_goes_on_to_a_colleague_although_all_were_killed_meanwhile(
    tmp_path: Path, redis_url: str
) -> None:
    with furnished.production(
        tmp_path / "data",
        redis_url=redis_url,
        GRACE_SECONDS="12",
        LEASE_SECONDS="6",
        CLOSE_SECONDS="1",
        BEAT_SECONDS="2",
    ) as house:
        lena, tom = (Agent(house, house.person(name)) for name in ("Lena", "Tom"))
        lena.opens_page()
        mei = house.customer("Mei")
        mei.says("Where is my kettle?")
        session = lena.sees("session.changed", state="assigned")["id"]
        lena.closes_page()
        time.sleep(4)  # the sweep has seen it, and the grace runs
        for child in house.supervisor.children:
            if child.program.name != "simulator":
                os.killpg(child.process.pid, signal.SIGKILL)
        until(lambda: comes_back(house), 60)
        tom.opens_page()
        for _ in range(30):  # he is there all the while
            if any(event["data"].get("id") == session for event in tom.events):
                break
            tom.beats()
            tom.is_cut_off(1)
        row = tom.sees("session.changed", id=session, state="assigned")
        assert row["owner"]["name"].startswith("Tom")
        detail = tom.get(f"sessions/{session}")
        lines = [one["kind"] for one in detail["messages"]]
        assert lines.count("released") == 1
        assert lines.count("assigned") == 2
