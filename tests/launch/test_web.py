"""What the web's server does that Daphne does not."""

import sys

import pytest
import requests

from tests.support import processes, servers
from tests.support.waiting import until

PATIENCE_S = 20


@pytest.fixture
def address(tmp_path):
    port = servers.free_port()
    name = "tests.support.answering"
    command = [sys.executable, "-m", name, "-p", str(port), "-v", "0", f"{name}:application"]
    with processes.started(command, tmp_path / "log", {}):
        until(lambda: is_there(port), PATIENCE_S)
        yield f"http://127.0.0.1:{port}"


def is_there(port):
    try:
        return requests.get(f"http://127.0.0.1:{port}/", timeout=5).ok
    except requests.ConnectionError:
        return False


def test_what_was_answered_is_let_go_at_once(address):
    with requests.Session() as visitor:
        found = [int(visitor.get(f"{address}/", timeout=5).text) for _ in range(200)]
    assert max(found[1:]) <= 2  # itself, and the one before


def test_an_application_that_fails_is_answered_for_and_let_go(address):
    with requests.Session() as visitor:
        assert visitor.get(f"{address}/trouble", timeout=5).status_code == 500
        until(lambda: int(visitor.get(f"{address}/", timeout=5).text) <= 2, PATIENCE_S)
