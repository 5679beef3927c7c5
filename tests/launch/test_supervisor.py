"""The supervisor of ./run restarts what dies and leaves nothing behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.waiting import until
from tgstaff.launch.installation import BASE_DIR

pytestmark = pytest.mark.slow

# a child that notes its process id and waits
CHILD = "import os, time; open({file!r}, 'a').write(f'{{os.getpid()}}\\n'); time.sleep(600)"
PROGRAM = """
import os, sys
from tgstaff.launch.processes import Supervisor, hear_interrupts
hear_interrupts()
{before}
try:
    with Supervisor(dict(os.environ)) as supervisor:
        supervisor.start("child", [sys.executable, "-c", {child!r}])
        supervisor.watch()
except KeyboardInterrupt:
    pass
"""


SWALLOWED = """
import signal
def interrupted():
    os.kill(os.getpid(), signal.SIGTERM)
    for _ in range(100): pass
os.register_at_fork(after_in_parent=interrupted)
"""


def start(file: Path, before: str = "") -> "subprocess.Popen[bytes]":
    program = PROGRAM.format(child=CHILD.format(file=str(file)), before=before)
    return subprocess.Popen([sys.executable, "-c", program], cwd=BASE_DIR)


def pids(file: Path) -> list[int]:
    return [int(line) for line in file.read_text().splitlines()] if file.exists() else []


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_child_that_dies_is_started_again(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    parent = start(file)
    try:
        until(lambda: len(pids(file)) == 1, 30)
        os.kill(pids(file)[0], signal.SIGKILL)
        until(lambda: len(pids(file)) == 2, 30)
    finally:
        parent.send_signal(signal.SIGTERM)
        parent.wait(30)


def test_ctrl_c_pressed_many_times_leaves_nothing_behind(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    parent = start(file)
    until(lambda: len(pids(file)) == 1, 30)
    for _ in range(5):
        parent.send_signal(signal.SIGTERM)
    assert parent.wait(30) == 0
    assert not is_alive(pids(file)[0])


def test_ctrl_c_in_the_middle_of_a_fork_is_not_lost(tmp_path: Path) -> None:
    parent = start(tmp_path / "pids", before=SWALLOWED)
    assert parent.wait(30) == 0


def test_kill_9_of_the_parent_takes_the_child_along(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    parent = start(file)
    until(lambda: len(pids(file)) == 1, 30)
    parent.kill()
    parent.wait(30)
    until(lambda: not is_alive(pids(file)[0]), 30)
