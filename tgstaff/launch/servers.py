"""A private server of rows or hints on this machine: what both kinds have in common."""

import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tgstaff.launch.installation import Trouble
from tgstaff.launch.processes import Program

START_SECONDS = 30.0


class NoServer(Trouble):
    """No server program was found that works on this machine. The text says what was tried."""


@dataclass(frozen=True)
class Door:
    """Where a server listens on loopback. The password keeps other people of the machine out."""

    port: int
    password: str


@dataclass(frozen=True)
class Server:
    """What to run, how to reach it, and whether it answers there."""

    program: Program
    url: str
    answers: Callable[[str], bool]

    def wait(self, is_alive: Callable[[], bool], seconds: float = START_SECONDS) -> None:
        """Until it answers. Raises NoServer with the end of its log when it does not."""
        deadline = time.monotonic() + seconds
        while not self.answers(self.url):
            if not is_alive() or time.monotonic() > deadline:
                raise NoServer(f"{self.program.name} did not start:\n{self.said()}")
            time.sleep(0.02)

    def said(self) -> str:
        assert self.program.log is not None
        return self.program.log.read_text(errors="replace")[-2000:]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_open_to_all(path: Path) -> bool:
    """Whether everybody on this machine can get there."""
    return all(place.stat().st_mode & 0o001 for place in (path, *path.parents))


def is_root() -> bool:
    return os.geteuid() == 0
