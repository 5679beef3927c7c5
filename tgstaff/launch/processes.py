"""A small supervisor: starts processes, restarts one that dies, ends them all.

honcho, the usual choice, ends every process when one dies (docs/decisions/0002-supervisor.md).
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

from tgstaff.launch.installation import BASE_DIR, Trouble

STOP_SECONDS = 12  # what ends in good order has ended by itself within 10
LOOK_SECONDS = 0.3
# A process that lives this long has started well; its next death is restarted at once.
HEALTHY_SECONDS = 20
LONGEST_PAUSE = 5.0
DIE_WITH_PARENT = 1  # prctl's PR_SET_PDEATHSIG
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_is_interrupted = False


def hear_interrupts() -> None:
    """From now on the first Ctrl-C or SIGTERM raises KeyboardInterrupt, and later ones do nothing:
    they must not interrupt the ending of the processes."""
    for number in ENDING:
        signal.signal(number, _interrupt)


def _interrupt(signum: int, frame: object) -> NoReturn:
    global _is_interrupted
    _is_interrupted = True
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _refuse_interrupted() -> None:
    """Again, because Python swallows what is raised in the hooks that it runs around a fork."""
    if _is_interrupted:
        raise KeyboardInterrupt


@dataclass(frozen=True)
class Program:
    """What to run. `owner`: whom to run it as and where, in Popen's words."""

    name: str
    command: list[str]
    stdin: bytes = b""
    log: Path | None = None  # instead of the terminal
    stop: signal.Signals = signal.SIGTERM
    owner: Mapping[str, Any] = field(default_factory=dict)


def spawn(
    program: Program, environment: Mapping[str, str] | None = None, held: tuple[int, ...] = ()
) -> "subprocess.Popen[bytes]":
    """Start it in a session of its own, so that Ctrl-C reaches it in our time, through us.

    It ends when the thread that calls this is gone. `held`: files it keeps open as long as it lives.
    """
    with ExitStack() as files:
        output = files.enter_context(program.log.open("ab")) if program.log else sys.stderr
        process = subprocess.Popen(
            program.command,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env=environment,
            start_new_session=True,
            pass_fds=held,
            preexec_fn=end_with_parent(program.stop),
            **{"cwd": BASE_DIR, **program.owner},
        )
    assert process.stdin is not None
    with suppress(BrokenPipeError):
        process.stdin.write(program.stdin)
        process.stdin.close()
    return process


def end_with_parent(how: signal.Signals) -> Callable[[], None]:
    """In the child: get this signal when the parent is gone, even by kill -9 (Linux)."""

    def ask() -> None:
        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).prctl(DIE_WITH_PARENT, how)

    return ask


@dataclass
class Child:
    program: Program
    process: "subprocess.Popen[bytes]"
    started_at: float = field(default_factory=time.monotonic)
    pause: float = 0.5
    restart_at: float | None = None

    def is_alive(self) -> bool:
        return self.process.poll() is None


class Supervisor:
    """Runs the children in one environment. `held`: see `spawn`."""

    def __init__(self, environment: dict[str, str], held: tuple[int, ...] = ()) -> None:
        self.environment = environment
        self.held = held
        self.waves: list[list[Child]] = []

    @property
    def children(self) -> list[Child]:
        return [child for wave in self.waves for child in wave]

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
        self.run(Program(name, command))

    def start_together(self, commands: Mapping[str, list[str]]) -> None:
        """These are ended together, too."""
        self.waves.append([])
        for name, command in commands.items():
            self._add(Program(name, command))

    def run(self, program: Program) -> Child:
        self.waves.append([])
        return self._add(program)

    def _add(self, program: Program) -> Child:
        child = Child(program, self._spawn(program))
        self.waves[-1].append(child)
        _refuse_interrupted()
        return child

    def _spawn(self, program: Program) -> "subprocess.Popen[bytes]":
        return spawn(program, self.environment, self.held)

    def refuse_dead(self) -> None:
        _refuse_interrupted()
        for child in self.children:
            if not child.is_alive():
                raise Trouble(
                    f"{child.program.name} ended with code {child.process.returncode}: "
                    f"see {child.program.log or 'above'}."
                )

    def watch(self) -> None:
        """Until interrupted: restart whatever dies, with a growing pause if it dies at once."""
        while True:
            self.look_after()
            time.sleep(LOOK_SECONDS)

    def look_after(self) -> None:
        _refuse_interrupted()
        for child in self.children:
            self._look_after(child)

    def _look_after(self, child: Child) -> None:
        if child.is_alive():
            return
        now = time.monotonic()
        name = child.program.name
        if child.restart_at is None:
            healthy = now - child.started_at > HEALTHY_SECONDS
            child.pause = 0.5 if healthy else min(child.pause * 2, LONGEST_PAUSE)
            child.restart_at = now + child.pause
            _say(f"{name} ended with code {child.process.returncode}; restarting")
        elif now >= child.restart_at:
            child.process = self._spawn(child.program)
            child.started_at, child.restart_at = now, None
            _say(f"{name} is started again: process {child.process.pid}")

    def stop(self) -> None:
        """End all, the newest first: the web server before the Telegram it talks to."""
        while self.waves:
            _end(self.waves.pop())


def _end(wave: list[Child]) -> None:
    """In good order, or by force after a while."""
    for child in wave:
        _signal(child.process, child.program.stop)
    deadline = time.monotonic() + STOP_SECONDS
    for child in wave:
        try:
            child.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            _say(f"{child.program.name} did not end in {STOP_SECONDS} s; killed")
            _signal(child.process, signal.SIGKILL)
            child.process.wait()


def _signal(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    if process.poll() is None:
        os.killpg(process.pid, number)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
