"""Private PostgreSQL and Valkey servers for tests: empty, on a free loopback port, always stopped.

Each lives in a folder of its own under the system's temporary folder and goes with it.
"""

import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import redis

from tgstaff.launch import postgres as launched_postgres
from tgstaff.launch import valkey as launched_valkey
from tgstaff.launch.processes import end_with_parent, spawn
from tgstaff.launch.servers import Door, NoServer, free_port, is_open_to_all, is_root
from tgstaff.launch.servers import Server as Launched

__all__ = [
    "NoServer",
    "Server",
    "database",
    "die_with_parent",
    "folder_for",
    "free_port",
    "postgres",
    "valkey",
]

STOP_SECONDS = 10.0
die_with_parent = end_with_parent(signal.SIGINT)


class Server:
    """One server process that can be stopped, killed and started again on the same port."""

    def __init__(self, launched: Launched) -> None:
        self.launched = launched
        self.url = launched.url
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        process = self.process = spawn(self.launched.program)
        try:
            self.launched.wait(lambda: process.poll() is None)
        except NoServer:
            self.kill()
            raise

    def stop(self) -> None:
        """End it in good order; does nothing if it does not run."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def flush(self) -> None:
        """Valkey: forget everything."""
        client = redis.Redis.from_url(self.url)
        client.flushall()
        client.close()

    def restart(self) -> None:
        self.stop()
        self.start()

    def log(self) -> str:
        return self.launched.said()

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            self.process.send_signal(how)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


@contextmanager
def postgres(*, durable: bool = False) -> Iterator[Server]:
    """A running PostgreSQL with an empty database. `durable`: with fsync, as in production."""
    with folder_for("pg-") as folder:
        yield from _running(launched_postgres.server(folder, _door(), durable=durable))


@contextmanager
def database(url: str, *, like: str = "template1") -> Iterator[str]:
    """A database of its own on that PostgreSQL server, a copy of `like`; its address."""
    name = f"own_{secrets.token_hex(4)}"
    try:
        yield make_database(url, name, like=like)
    finally:
        drop_database(url, name)


def make_database(url: str, name: str, *, like: str = "template1") -> str:
    """Its address. `name` and `like` are names of our own making."""
    with _administered(url) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {like}")
    return f"{url.rpartition('/')[0]}/{name}"


def drop_database(url: str, name: str) -> None:
    with _administered(url) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _administered(url: str) -> "psycopg.Connection[tuple[Any, ...]]":
    return psycopg.connect(f"{url.rpartition('/')[0]}/postgres", autocommit=True)


@contextmanager
def valkey(*, durable: bool = False) -> Iterator[Server]:
    """A running, empty Valkey or Redis. `durable`: it appends every write to a file."""
    with folder_for("valkey-") as folder:
        yield from _running(launched_valkey.server(folder, _door(), durable=durable))


def _door() -> Door:
    return Door(free_port(), secrets.token_hex(16))


def _running(launched: Launched) -> Iterator[Server]:
    server = Server(launched)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextmanager
def folder_for(prefix: str) -> Iterator[Path]:
    """A temporary folder that whoever runs PostgreSQL can reach."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=_temporary_root()))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _temporary_root() -> str | None:
    """Root lends its servers to another user, who must be able to reach the folder."""
    usual = Path(tempfile.gettempdir())
    return "/tmp" if is_root() and not is_open_to_all(usual) else None
