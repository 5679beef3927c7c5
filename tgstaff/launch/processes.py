"""A small supervisor: starts processes, restarts one that dies, ends them all.

honcho, the usual choice, ends every process when one dies (docs/decisions/0002-supervisor.md).
"""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from types import TracebackType

from tgstaff.launch.installation import BASE_DIR, Trouble

STOP_SECONDS = 10
LOOK_SECONDS = 0.3
# A process that lives this long has started well; its next death is restarted at once.
HEALTHY_SECONDS = 20
LONGEST_PAUSE = 15.0


@dataclass
class Child:
    name: str
    command: list[str]
    process: subprocess.Popen[bytes]
    started_at: float = field(default_factory=time.monotonic)
    pause: float = 0.5
    restart_at: float | None = None


class Supervisor:
    """Children run in sessions of their own, so that Ctrl-C reaches them in order, through us."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.children: list[Child] = []

    def __enter__(self) -> "Supervisor":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self, name: str, command: list[str]) -> None:
        self.children.append(Child(name, command, self._spawn(command)))

    def _spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            cwd=BASE_DIR,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            start_new_session=True,
        )

    def refuse_dead(self) -> None:
        for child in self.children:
            if child.process.poll() is not None:
                raise Trouble(
                    f"{child.name} ended with code {child.process.returncode}: see above."
                )

    def watch(self) -> None:
        """Until interrupted: restart whatever dies, with a growing pause if it dies at once."""
        while True:
            for child in self.children:
                self._look_after(child)
            time.sleep(LOOK_SECONDS)

    def _look_after(self, child: Child) -> None:
        if child.process.poll() is None:
            return
        now = time.monotonic()
        if child.restart_at is None:
            healthy = now - child.started_at > HEALTHY_SECONDS
            child.pause = 0.5 if healthy else min(child.pause * 2, LONGEST_PAUSE)
            child.restart_at = now + child.pause
            _say(f"{child.name} ended with code {child.process.returncode}; restarting")
        elif now >= child.restart_at:
            child.process = self._spawn(child.command)
            child.started_at, child.restart_at = now, None

    def stop(self) -> None:
        """End all, the newest first: the web server before the Telegram it talks to."""
        for child in reversed(self.children):
            _end(child)
        self.children.clear()


def _end(child: Child) -> None:
    _signal(child.process, signal.SIGTERM)
    try:
        child.process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        _say(f"{child.name} did not end in {STOP_SECONDS} s; killed")
        _signal(child.process, signal.SIGKILL)
        child.process.wait()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if process.poll() is None:
        os.killpg(process.pid, number)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
