"""The product running as in production, beside the floor, on servers that both share.

PostgreSQL with fsync, Valkey, the simulator and the Procfile's processes. Nothing here imports
Django: rows are read and written by plain SQL, or by a program of its own (`program`).
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import requests

from tests.support import servers
from tests.support.house import House, production
from tgstaff.launch import procfile
from tgstaff.launch.processes import Child

PATIENCE_S = 300.0
KIB_IN_MIB = 1024


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def until(condition: Callable[[], bool], what: str, pause: float = 0.005) -> None:
    """Wait; raises TimeoutError after five minutes."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {PATIENCE_S:.0f} s: {what}")
        time.sleep(pause)


# ---------------------------------------------------------------- the product and its servers


@contextmanager
def house(*, without: tuple[str, ...] = ()) -> Iterator[House]:
    """The Procfile's processes, but for those `without`, on servers of their own."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        servers.postgres(durable=True) as postgres,
        servers.valkey() as valkey,
        production(
            Path(folder), database_url=postgres.url, redis_url=valkey.url, without=without
        ) as running,
    ):
        yield running


def database(place: House) -> "psycopg.Connection[Any]":
    return psycopg.connect(place.variables["DATABASE_URL"], autocommit=True)


def control_list(place: House, path: str) -> list[dict[str, Any]]:
    """What the simulator answers with a list."""
    answer = requests.get(f"{place.simulator}/control/{path}", timeout=PATIENCE_S)
    answer.raise_for_status()
    return list(answer.json())


def start(place: House, name: str) -> int:
    """Start a process of the Procfile that was left out; its id."""
    place.supervisor.start(name, procfile.commands()[name])
    return process_id(place, name)


def stop(place: House, name: str) -> None:
    """End a process in good order, and wait for it."""
    child = _child(place, name)
    child.process.terminate()
    child.process.wait(30)


def process_id(place: House, name: str) -> int:
    return _child(place, name).process.pid


def _child(place: House, name: str) -> Child:
    named = [child for child in place.supervisor.children if child.program.name == name]
    return named[-1]


@contextmanager
def program(place: House, module: str, *words: str) -> Iterator["subprocess.Popen[str]"]:
    """A program of ours in the product's environment: we talk by lines; it ends with its input."""
    process = subprocess.Popen(
        [sys.executable, "-m", f"benchmarks.{module}", *words],
        env=place.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=servers.die_with_parent,
    )
    try:
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(30)


def told(process: "subprocess.Popen[str]") -> Any:
    """The next line that a program of ours says, as JSON."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"{process.args!r} ended: see above")
    return json.loads(line)


def resident(process: int) -> float:
    """The process's resident memory in MiB (Linux)."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / KIB_IN_MIB
    raise RuntimeError(f"process {process} has no memory: it has ended")


def spent(process: int) -> float:
    """Seconds that the process has computed, in all its threads (Linux)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
