"""The program: its command line, its end, its memory, and who may speak to it."""

import socket
import stat
import sys

import pytest
import requests

from tests.simulator.client import TOKEN, Background, Telegram
from tests.simulator.conftest import read_port
from tests.support import processes, waiting

pytestmark = pytest.mark.slow

COMMAND = [sys.executable, "-m", "simulator"]


@pytest.fixture
def started(tmp_path):
    """Starts a simulator of the test's own: `(Telegram, process)` as a context."""

    class Started:
        log = tmp_path / "log"

        def __call__(self, *arguments):
            self.port = tmp_path / "port"
            self.port.unlink(missing_ok=True)
            return processes.started(
                [*COMMAND, "--port-file", str(self.port), *arguments], self.log
            )

        def telegram(self):
            return Telegram(f"http://127.0.0.1:{read_port(self.port)}")

    return Started()


def test_it_prints_its_address_once_it_listens(started):
    with started():
        telegram = started.telegram()
        waiting.until(lambda: started.log.read_text().endswith("\n"))
        assert started.log.read_text() == f"simulator: {telegram.url}\n"
        assert telegram.get("/health") == {"ok": True}


def test_it_ends_at_once_and_cleanly_while_others_wait(started):
    with started() as process:
        telegram = started.telegram()
        telegram.post("/bots", token=TOKEN)
        poll = telegram.begin_poll()
        events = requests.get(f"{telegram.url}/control/events", stream=True, timeout=20)
        assert next(events.iter_lines()) == b": connected"
        process.terminate()
        assert process.wait(10) == 0
        events.close()
        with pytest.raises(requests.ConnectionError):
            poll.answer()
        assert "Traceback" not in started.log.read_text()


def test_it_remembers_bots_people_chats_and_what_waits(started, tmp_path):
    state = tmp_path / "state.json"
    with started("--state-file", str(state)) as process:
        telegram = started.telegram()
        telegram.post("/bots", token=TOKEN, username="test_bot", name="Test")
        person = telegram.customer(first_name="Ada")
        telegram.act(person, "send", kind="photo", text="look")
        waits = telegram.says(person, "still waiting")
        process.terminate()
        assert process.wait(10) == 0
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    with started("--state-file", str(state)):
        telegram = started.telegram()
        assert telegram.texts(person) == ["/start", "look", "still waiting"]
        updates = telegram.poll()
        assert updates[-1]["update_id"] == waits
        file_id = updates[0]["message"]["photo"][0]["file_id"]
        assert telegram.call("getFile", file_id=file_id)["file_size"] > 0
        assert telegram.call("sendMessage", chat_id=person, text="x")["message_id"] == 4


def test_it_keeps_the_state_while_it_runs(started, tmp_path):
    state = tmp_path / "state.json"
    with started("--state-file", str(state)) as process:
        telegram = started.telegram()
        telegram.post("/bots", token=TOKEN)
        waiting.until(lambda: state.exists() and TOKEN in state.read_text())
        process.kill()
        process.wait(10)


def test_it_says_in_a_sentence_that_a_state_cannot_be_read(started, tmp_path):
    state = tmp_path / "state.json"
    for content in ("{", "{}", "[]"):
        state.write_text(content)
        with started("--state-file", str(state)) as process:
            assert process.wait(20) == 1
    log = started.log.read_text()
    assert log.count("does not hold a state of the simulator") == 3
    assert "Traceback" not in log


def test_it_says_in_a_sentence_that_a_port_is_taken(started):
    with socket.create_server(("127.0.0.1", 0)) as other:
        with started("--port", str(other.getsockname()[1])) as process:
            assert process.wait(20) == 1
    assert "address already in use" in started.log.read_text()
    assert "Traceback" not in started.log.read_text()


def test_it_listens_on_loopback_alone(started):
    with started("--host", "0.0.0.0") as process:
        assert process.wait(20) == 2
    assert "invalid choice" in started.log.read_text()


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "rebound.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_it_answers_no_foreign_page(telegram, headers):
    for path in ("/control/people", f"/bot{TOKEN}/getMe", "/"):
        answer = requests.get(f"{telegram.url}{path}", headers=headers, timeout=20)
        assert answer.status_code == 403


def test_it_streams_what_happens(telegram):
    events = requests.get(f"{telegram.url}/control/events", stream=True, timeout=20)
    lines = events.iter_lines()
    assert next(lines) == b": connected"
    person = Background(lambda: telegram.control("POST", "/people", first_name="Ada"))
    line = next(line for line in lines if line.startswith(b"data: "))
    assert b'"type":"person"' in line
    assert str(person.answer().json()["id"]).encode() in line
    events.close()
