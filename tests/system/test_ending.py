"""Told to end, a process of production finishes what it has begun."""

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from websockets.exceptions import ConnectionClosed

from tests.support import furnished
from tests.support.house import PATIENCE_S, Agent, House
from tests.support.waiting import until
from tgstaff.launch import procfile

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def house(tmp_path: Path, redis_url: str) -> Iterator[House]:
    """One for each test, which ends a part of it."""
    with furnished.production(tmp_path / "data", redis_url=redis_url) as running:
        yield running


def process(house: House, name: str) -> "subprocess.Popen[bytes]":
    return next(child.process for child in house.supervisor.children if child.program.name == name)


def ends_when_told(process: "subprocess.Popen[bytes]") -> bool:
    """Whether it came to its end by itself, and was not cut off for taking too long."""
    process.send_signal(signal.SIGTERM)
    return process.wait(PATIENCE_S) == 0


def test_a_gateway_finishes_its_calls_and_leaves_its_bots_to_another(house: House) -> None:
    lena = Agent(house, house.person("Lena"))
    lena.opens_page()
    mei = house.customer("Mei")
    mei.says("hello")
    session = lena.sees("session.changed", state="assigned")
    house.control("faults", {"kind": "slow", "method": "sendMessage", "seconds": 1.5, "count": 1})
    reply = lena.post(f"sessions/{session['id']}/reply", text="on its way").json()["message"]
    with psycopg.connect(house.environment["DATABASE_URL"], autocommit=True) as rows:
        under_way = "SELECT count(*) FROM bots_outboundcall WHERE state = 'sending'"
        until(lambda: rows.execute(under_way).fetchone() == (1,), PATIENCE_S)

    assert ends_when_told(process(house, "gateway"))

    lena.sees("message.changed", id=reply["id"], delivery="sent")
    with psycopg.connect(house.environment["DATABASE_URL"]) as rows:
        left = rows.execute("SELECT lease_holder, lease_expires_at < now() FROM bots_bot")
        assert left.fetchall() == [("", True)]
    house.supervisor.start("second", procfile.commands()["gateway"])
    mei.says("and now?")
    lena.sees("message.changed", text="and now?", seconds=2 * PATIENCE_S)
    told = house.control(f"journal?method=sendMessage&text={reply['text']}")["entries"]
    assert len(told) == 1


def test_a_worker_ends_and_what_it_left_is_done_without_it(house: House) -> None:
    marek = Agent(house, house.person("Marek"))  # who sees everybody's sessions
    marek.opens_page()
    assert ends_when_told(process(house, "worker"))
    house.customer("Ann").says("nobody works here")
    marek.sees("message.changed", text="nobody works here")


def test_web_says_bye_to_its_pages(house: House) -> None:
    lena = Agent(house, house.person("Lena"))  # whose HTTP connection idles on
    lena.opens_page()
    assert ends_when_told(process(house, "web"))
    frames = []
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            frames.append(json.loads(lena.socket.recv(timeout=PATIENCE_S)))
    assert frames[-1] == {"type": "bye", "code": "shutdown"}
    assert closed.value.rcvd.code == 4503
