"""What ./run says when it cannot start: one clear sentence and no traceback."""

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.servers import free_port
from tgstaff.launch.installation import BASE_DIR, Installation, Trouble

pytestmark = pytest.mark.slow


def run(*words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tgstaff.launch", *words]
    return subprocess.run(
        command, cwd=BASE_DIR, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_busy_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        answer = run("--port", str(port), "--data", str(tmp_path / "data"))
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"Port {port} cannot be used")
    assert "Traceback" not in answer.stderr


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    answer = run("--port", str(free_port()), "--data", str(tmp_path / "file" / "data"))
    assert answer.returncode == 1
    assert "cannot be written" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("port", ["0", "70000", "eighty", "-1"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    answer = run("--port", port)
    assert answer.returncode == 2
    assert "is no port" in answer.stderr or "expected one argument" in answer.stderr


def test_help_needs_no_installation() -> None:
    answer = subprocess.run(
        ["sh", "run", "--help"], cwd=BASE_DIR, capture_output=True, text=True, check=True
    )
    for option in ("--full", "--port", "--data", "--no-demo", "--smoke"):
        assert option in answer.stdout


def test_a_python_that_is_too_old_is_named(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" && exit 0\nexit 1\n')
    old.chmod(0o755)
    for name in ("dirname", "cksum", "cat"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    answer = subprocess.run(
        ["/bin/sh", "run"],
        cwd=BASE_DIR,
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert "needs Python 3.11 or newer; python3 here is: Python 3.9.2" in answer.stderr


def test_keys_are_made_once_for_the_owners_eyes_alone(tmp_path: Path) -> None:
    place = Installation(tmp_path / "data", free_port())
    with place.locked():
        place.prepare()
        made = (tmp_path / "data" / "keys.env").read_text()
        place.prepare()
    assert (tmp_path / "data" / "keys.env").read_text() == made
    assert stat.S_IMODE(os.stat(tmp_path / "data" / "keys.env").st_mode) == 0o600
    assert "SECRET_KEY=" in made
    assert "FIELD_KEYS=" in made


def test_lost_keys_are_not_made_again_over_a_database(tmp_path: Path) -> None:
    place = Installation(tmp_path / "data", free_port())
    with place.locked():
        place.prepare()
        (tmp_path / "data" / "keys.env").unlink()
        (tmp_path / "data" / "tgstaff.sqlite3").touch()
        with pytest.raises(Trouble, match="is gone"):
            place.prepare()


def test_two_instances_on_one_folder_are_refused(tmp_path: Path) -> None:
    with Installation(tmp_path / "data", free_port()).locked():
        answer = run("--port", str(free_port()), "--data", str(tmp_path / "data"))
    assert answer.returncode == 1
    assert "is running on" in answer.stderr
