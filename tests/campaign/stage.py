"""The product in either shape, a proxy on every wire, and hands on every process."""

import os
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from tests.support import servers
from tests.support.house import House
from tests.support.proxy import Proxy, proxy
from tests.support.servers import Server
from tests.support.waiting import until
from tgstaff.launch import procfile
from tgstaff.launch.processes import LOOK_SECONDS, Child, Supervisor

PATIENCE_S = 60
ONE_PROCESS, PRODUCTION = "one-process", "production"
SENDING = "SELECT id FROM bots_outboundcall WHERE state = 'sending'"
ADDRESSES = {"postgres": "DATABASE_URL", "valkey": "REDIS_URL"}


class Keeper(Supervisor):
    """The supervisor of ./run, watching from a thread of its own."""

    def __init__(self, environment: dict[str, str]) -> None:
        super().__init__(environment)
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self._watch_on, name="keeper", daemon=True)

    def begin(self) -> None:
        self.thread.start()

    def _watch_on(self) -> None:
        while not self.ending.wait(LOOK_SECONDS):
            self.look_after()

    def stop(self) -> None:
        self.ending.set()
        if self.thread.is_alive():
            self.thread.join()
        super().stop()

    def child(self, name: str) -> Child:
        return next(child for child in self.children if child.program.name == name)

    def signal(self, name: str, number: signal.Signals) -> None:
        os.kill(self.child(name).process.pid, number)

    def kill(self, name: str) -> None:
        """As by kill -9; whoever watches starts it again. When this returns it has ended: until
        then a COMMIT that had begun may still come through."""
        process = self.child(name).process
        process.kill()
        process.wait()

    def curse(self, names: Sequence[str], point: str) -> None:
        """Kill them, and let their next lives end at a crash point."""
        children = [self.child(name) for name in names]
        before = [(child.program, child.process) for child in children]
        for child in children:
            command = ["env", f"CRASH_AT={point}", *child.program.command]
            child.program = replace(child.program, command=command)
            self.kill(child.program.name)
        for child, (usual, last) in zip(children, before, strict=True):
            until(partial(_is_another, child, last), PATIENCE_S)
            child.program = usual

    def one_dies(self, names: Sequence[str]) -> None:
        """Wait until one has got to its crash point; the others, or all if none does, are killed."""
        cursed = [self.child(name).process for name in names]
        with suppress(AssertionError):
            until(lambda: any(one.poll() is not None for one in cursed), PATIENCE_S)
        for one in cursed:
            one.kill()
            one.wait()


def _is_another(child: Child, process: "subprocess.Popen[bytes]") -> bool:
    return child.process is not process


class CampaignHouse(House):
    supervisor_class = Keeper
    supervisor: Keeper


class Rows:
    """The product's tables, read past every proxy."""

    def __init__(self, address: str) -> None:
        self.address = address

    def __call__(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Placeholders are `%s`. Waits while the database is away."""
        return until(lambda: self._ask(query, values), PATIENCE_S)[0]

    def count(self, query: str, *values: Any) -> int:
        return int(self(query, *values)[0][0])

    def _ask(self, query: str, values: tuple[Any, ...]) -> list[list[tuple[Any, ...]]]:
        try:
            if self.address.startswith("sqlite:///"):
                with closing(sqlite3.connect(self.address[len("sqlite:///") :])) as connection:
                    return [connection.execute(query.replace("%s", "?"), values).fetchall()]
            with psycopg.connect(self.address, connect_timeout=2) as rows:
                return [rows.execute(query.encode(), values).fetchall()]
        except (psycopg.OperationalError, sqlite3.OperationalError):
            return []


class Stage:
    """`proxies` and `servers` by name: telegram, postgres, valkey, web."""

    def __init__(self, house: CampaignHouse, rows: Rows, shape: str) -> None:
        self.house = house
        self.rows = rows
        self.shape = shape
        self.proxies: dict[str, Proxy] = {}
        self.servers: dict[str, Server] = {}

    @property
    def keeper(self) -> Keeper:
        return self.house.supervisor

    @property
    def web(self) -> str:
        """Where browsers find the product: behind their proxy."""
        return f"http://127.0.0.1:{self.proxies['web'].port}"

    def sending(self) -> set[int]:
        """The calls that are claimed and have no outcome yet, by key."""
        return {row[0] for row in self.rows(SENDING)}

    def clear(self) -> None:
        for one in self.proxies.values():
            one.clear()


@contextmanager
def staged(folder: Path, shape: str) -> Iterator[Stage]:
    """A running product with its demo company."""
    with ExitStack() as stack:
        house = CampaignHouse(folder)
        stage = Stage(house, Rows(f"sqlite:///{folder / 'tgstaff.sqlite3'}"), shape)
        _behind(stack, stage, "telegram", house.simulator_port)
        _behind(stack, stage, "web", house.port)
        telegram = f"http://127.0.0.1:{stage.proxies['telegram'].port}"
        house.variables |= {"TELEGRAM_API_BASE": telegram, "PYTHONWARNINGS": "ignore"}
        house.variables |= {"LOG_LEVEL": os.environ.get("LOG_LEVEL", "ERROR")}
        commands = {"serve": house.serve_command}
        if shape == PRODUCTION:
            commands = _production(stack, stage)
        stack.enter_context(house.running(commands))
        house.supervisor.begin()
        yield stage


def _behind(stack: ExitStack, stage: Stage, name: str, port: int) -> int:
    stage.proxies[name] = stack.enter_context(proxy("127.0.0.1", port))
    return stage.proxies[name].port


def _production(stack: ExitStack, stage: Stage) -> dict[str, list[str]]:
    """The Procfile's processes, and a second gateway, on servers of their own."""
    stage.servers["postgres"] = stack.enter_context(servers.postgres(durable=True))
    stage.servers["valkey"] = stack.enter_context(servers.valkey())
    stage.rows.address = stage.servers["postgres"].url
    for name, variable in ADDRESSES.items():
        parts = urlsplit(stage.servers[name].url)
        port = _behind(stack, stage, name, int(parts.port or 0))
        stage.house.variables[variable] = stage.servers[name].url.replace(
            f":{parts.port}/", f":{port}/"
        )
    stage.house.variables |= {"PATH": procfile.path(), "PORT": str(stage.house.port)}
    commands = procfile.commands()
    return commands | {"gateway_2": commands["gateway"]}
