"""The whole path with real processes: customer, bot, session, agent, page, reply, customer."""

from pathlib import Path

import pytest

from tests.support import furnished
from tests.support import house as houses
from tests.support.house import Agent, House

pytestmark = pytest.mark.slow


def test_a_message_reaches_the_agents_socket_and_the_reply_the_phone(house: House) -> None:
    lena = Agent(house, house.person("Lena"))
    lena.opens_page()
    mei = house.customer("Mei")
    mei.says("Is my order on its way?")

    lena.sees("message.changed", text="Is my order on its way?", direction="in")
    session = lena.sees("session.changed", state="assigned")
    assert lena.post(f"sessions/{session['id']}/reply", text="It is: tomorrow.").ok

    assert mei.receives("It is: tomorrow.")["applied"]
    lena.sees("message.changed", text="It is: tomorrow.", delivery="sent")


def test_round_robin_goes_on_where_it_stopped_after_a_restart(tmp_path: Path) -> None:
    owners = []
    furnished.furnish(tmp_path / "data")
    for served in (2, 2):
        with houses.one_process(tmp_path / "data") as house:
            agents = [Agent(house, house.person(name)) for name in ("Lena", "Tom", "Ivy")]
            for agent in agents:
                agent.opens_page()
            for _ in range(served):
                customer = house.customer(f"Customer {len(owners)}")
                customer.says(f"hello {len(owners)}")
                manager = Agent(house, house.person("Marek"))
                manager.opens_page()
                owners.append(_owner_of(manager, f"Customer {len(owners)}"))
    assert [name.split()[0] for name in owners] == ["Lena", "Tom", "Ivy", "Lena"]


def _owner_of(manager: Agent, customer: str) -> str:
    for row in manager.get(f"projects/{manager.project}/sessions?tab=all")["sessions"]:
        if row["customer"]["name"] == customer and row["owner"]:
            return str(row["owner"]["name"])
    while True:
        row = manager.sees("session.changed", state="assigned")
        if row["customer"]["name"] == customer:
            return str(row["owner"]["name"])
        manager.events.remove(next(e for e in manager.events if e["data"] == row))


def test_a_reply_to_a_session_of_another_agent_is_refused_by_name(house: House) -> None:
    lena = Agent(house, house.person("Lena"))
    lena.opens_page()
    house.customer("Mei").says("hello")
    session = lena.sees("session.changed", state="assigned")

    tom = Agent(house, house.person("Tom"))
    refused = tom.post(f"sessions/{session['id']}/reply", text="Me too!")

    assert refused.status_code == 404  # he may not see others' sessions
    assert refused.json()["error"]["code"] == "not_found"
