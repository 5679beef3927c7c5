"""Kicks, workers and clocks may vanish: people see delay, never loss."""

from pathlib import Path

import pytest

from tests.support import furnished
from tests.support.house import Agent

pytestmark = pytest.mark.slow


def test_the_page_is_right_within_a_pulse_when_no_hint_arrives(tmp_path: Path) -> None:
    with furnished.one_process(tmp_path / "data", KICKS="task") as house:
        lena = Agent(house, house.person("Lena"))
        lena.opens_page()
        mei = house.customer("Mei")
        house.control(f"wait-for?confirmed={mei.says('hello')['update_id']}&bot={mei.bot}")
        lena.sees("message.changed", text="hello", seconds=6)
        session = lena.sees("session.changed", state="assigned", seconds=6)

        assert lena.post(f"sessions/{session['id']}/reply", text="welcome").ok
        mei.receives("welcome")


def test_messages_arrive_and_are_assigned_without_worker_and_beat(tmp_path: Path) -> None:
    with furnished.one_process(tmp_path / "data", without=("worker", "beat")) as house:
        lena = Agent(house, house.person("Lena"))
        lena.opens_page()
        house.customer("Mei").says("is anybody there?")
        lena.sees("message.changed", text="is anybody there?", seconds=15)
        lena.sees("session.changed", state="assigned", seconds=15)


@pytest.mark.postgres
def test_web_and_gateway_alone_are_enough(tmp_path: Path, redis_url: str) -> None:
    without = ("worker", "beat")
    with furnished.production(tmp_path / "data", redis_url=redis_url, without=without) as house:
        lena = Agent(house, house.person("Lena"))
        lena.opens_page()
        house.customer("Mei").says("is anybody there?")
        lena.sees("session.changed", state="assigned", seconds=15)


@pytest.mark.long
def test_a_worker_reads_the_bots_that_no_gateway_holds(tmp_path: Path) -> None:
    leases = {"BOT_LEASE_SECONDS": "2"}  # three of them unheld make a bot the workers' business
    with furnished.one_process(tmp_path / "data", without=("gateway",), **leases) as house:
        lena = Agent(house, house.person("Lena"))
        lena.opens_page()
        house.customer("Mei").says("hello worker")
        lena.sees("message.changed", text="hello worker", seconds=30)
