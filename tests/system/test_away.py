"""Away is a person's own choice: no restart and no other device takes it back."""

from pathlib import Path

import pytest

from tests.support import furnished
from tests.support import house as houses
from tests.support.house import Agent, House

pytestmark = pytest.mark.slow


def test_away_survives_a_restart_and_another_device(tmp_path: Path) -> None:
    furnished.furnish(tmp_path / "data")
    with houses.one_process(tmp_path / "data") as house:
        lena = Agent(house, house.person("Lena"))
        lena.opens_page()
        assert presence(lena) == ("online", "online")
        assert lena.post("presence", status="away", confirmed=True).ok
        assert presence(lena) == ("away", "away")
    with houses.one_process(tmp_path / "data") as house:
        assert Agent(house, house.person("Lena")).get("boot")["status"] == "away"
        assert nobody_gets(house, "Ann")
        laptop, phone = (Agent(house, house.person("Lena")) for _ in range(2))
        for device in (laptop, phone):
            device.opens_page()
            device.beats()
            assert presence(device) == ("away", "away")
        assert nobody_gets(house, "Bert")
        laptop.closes_page()
        assert presence(phone) == ("away", "away")

        assert phone.post("presence", status="online").ok
        phone.sees("session.changed", state="assigned")


def presence(agent: Agent) -> tuple[str, str]:
    """What the person has chosen, and what is computed of it."""
    snapshot = agent.snapshot()
    rows = {row["agent"]: row for row in snapshot["presence"]}
    mine = rows[snapshot["me"]["agent"]]
    return mine["status"], mine["state"]


def nobody_gets(house: House, name: str) -> bool:
    """Whether what this customer writes waits, though somebody's page may be open."""
    marek = Agent(house, house.person("Marek"))
    marek.opens_page()
    customer = house.customer(name, starts=False)
    customer.says("Is anybody there?")
    session = marek.sees("message.changed", text="Is anybody there?")["session"]
    return bool(marek.get(f"sessions/{session}")["session"]["state"] == "unassigned")
