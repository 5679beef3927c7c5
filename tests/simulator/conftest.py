import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulator.client import TOKEN, Receiver, Telegram
from tests.support import processes, waiting


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("telegram")
    port = folder / "port"
    command = [sys.executable, "-m", "simulator", "--port-file", str(port)]
    with processes.started(command, folder / "log"):
        yield f"http://127.0.0.1:{read_port(port)}"


def read_port(file: Path) -> int:
    return int(waiting.until(lambda: file.exists() and file.read_text().strip()))


@pytest.fixture
def telegram(address: str) -> Telegram:
    """An empty Telegram with the bot of TOKEN, where polling the same offset again is free."""
    telegram = Telegram(address)
    telegram.post("/reset")
    telegram.post("/settings", poll_throttle=0)
    telegram.post("/bots", token=TOKEN, username="test_bot", name="Test")
    return telegram


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()
