"""Python processes with the product in them: where a test needs a real other process."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support import servers, waiting

ROOT = Path(__file__).resolve().parent.parent.parent
SETUP = "import django; django.setup()\n"
STOP_SECONDS = 20.0


@contextmanager
def started(
    command: list[str], log: Path, environment: Mapping[str, str] | None = None
) -> Iterator["subprocess.Popen[str]"]:
    """A process whose output goes to `log`; it and what it started are gone afterwards."""
    with log.open("a") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ
            | {"DJANGO_SETTINGS_MODULE": "tgstaff.settings"}
            | dict(environment or {}),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            text=True,
            start_new_session=True,
            preexec_fn=servers.die_with_parent,  # xdist ends its workers without their fixtures
        )
        try:
            yield process
        finally:
            _end(process)


def python(script: str) -> list[str]:
    """The command that runs a script in which Django is set up."""
    return [sys.executable, "-c", SETUP + script]


def say(process: "subprocess.Popen[str]", line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()


def _end(process: "subprocess.Popen[str]") -> None:
    if process.stdin is not None:
        process.stdin.close()
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def said(log: Path, words: str, seconds: float = 60.0) -> None:
    """Wait until the log holds these words. Raises AssertionError with the log when it does not."""
    try:
        waiting.until(lambda: words in log.read_text(), seconds)
    except AssertionError:
        raise AssertionError(f"never said {words!r}:\n{log.read_text()[-3000:]}") from None
