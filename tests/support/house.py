"""The whole product as processes, with the simulator in Telegram's place.

`one_process` is what ./run starts; `production` is the Procfile on PostgreSQL and Redis. A test
talks to it as people do: customers through the simulator, agents through the real sign-in form,
the API and the socket.
"""

import json
import re
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.support.servers import free_port
from tgstaff.launch import demo, procfile
from tgstaff.launch.installation import Installation
from tgstaff.launch.processes import Supervisor

PATIENCE_S = 30


class House(Installation):
    """A running installation and its people."""

    supervisor_class: type[Supervisor] = Supervisor
    ready_seconds = 300  # the machine may be busy with other tests

    def __init__(self, data: Path, **variables: str) -> None:
        super().__init__(data, free_port(), simulator_port=free_port())
        self.variables = variables
        self.people: list[demo.Person] = []

    def _environment(self) -> dict[str, str]:
        # the test run's own settings must not reach the product's processes
        mine = {"TESTING": "1", "LOG_LEVEL": "WARNING", **self.variables}
        return {**super()._environment(), **self._keys(), "CLOCK_SHIFT": "0", **mine}

    @contextmanager
    def running(self, commands: dict[str, list[str]]) -> Iterator["House"]:
        with self.furnished():
            self.supervisor.start_together(commands)
            self.wait_until_ready(self.supervisor)
            yield self

    @contextmanager
    def furnished(self) -> Iterator[None]:
        """The simulator runs, and there is a company."""
        with self.locked():
            self.prepare()
            with self.supervisor_class(self.environment) as self.supervisor:
                self.supervisor.start("simulator", self.simulator_command)
                self.people = demo.prepare(self)
                yield

    def person(self, first_name: str) -> demo.Person:
        return next(who for who in self.people if who.name.startswith(first_name))

    def control(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """The simulator's person side: POST with a body, else GET."""
        address = f"{self.simulator}/control/{path}"
        if body is None:
            answer = requests.get(address, timeout=PATIENCE_S + 10)
        else:
            answer = requests.post(address, json=body, timeout=PATIENCE_S)
        answer.raise_for_status()
        return dict(answer.json())

    @property
    def bot(self) -> int:
        return int(self.control("bots")["bots"][0]["id"])

    def customer(self, name: str, *, starts: bool = True) -> "Customer":
        person = self.control("people", {"first_name": name})["id"]
        customer = Customer(self, int(person), self.bot)
        if starts:
            customer.start()
        return customer


@contextmanager
def one_process(data: Path, *, without: tuple[str, ...] = (), **variables: str) -> Iterator[House]:
    house = House(data, **variables)
    command = house.serve_command + (["--without", *without] if without else [])
    with house.running({"serve": command}) as running:
        yield running


@contextmanager
def production(
    data: Path,
    *,
    database_url: str,
    redis_url: str,
    without: tuple[str, ...] = (),
    **variables: str,
) -> Iterator[House]:
    """The Procfile's processes, but for those `without`."""
    servers = {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
    house = House(data, **servers, PATH=procfile.path(), **variables)
    house.variables["PORT"] = str(house.port)
    commands = {
        name: command for name, command in procfile.commands().items() if name not in without
    }
    with house.running(commands) as running:
        yield running


class Customer:
    """One person with a phone."""

    def __init__(self, house: House, person: int, bot: int) -> None:
        self.house, self.person, self.bot = house, person, bot

    def start(self, payload: str = "") -> dict[str, Any]:
        return self._act("start", **({"payload": payload} if payload else {}))

    def says(self, text: str) -> dict[str, Any]:
        return self._act("send", text=text)

    def _act(self, verb: str, **body: Any) -> dict[str, Any]:
        return self.house.control(f"people/{self.person}/{verb}", {"bot": self.bot, **body})

    def receives(self, text: str) -> dict[str, Any]:
        """The journal's entry once a message with this text was accepted for this chat."""
        found = self.house.control(
            f"wait-for?journal_method=sendMessage&bot={self.bot}&chat={self.person}"
            f"&text={text}&timeout={PATIENCE_S}"
        )
        return dict(found["entries"][0])


class Agent:
    """One person with a browser, without the browser: form, API and socket."""

    def __init__(self, house: House, person: demo.Person, *, web: str = "") -> None:
        """`web`: another address of the house, for one who comes through a proxy."""
        self.person = person
        self.web = web or house.web
        self.http = requests.Session()
        self.http.headers["Referer"] = self.web
        self.socket: ClientConnection | None = None
        self.events: list[dict[str, Any]] = []
        self.head = 0
        self._sign_in()
        self.project = self.get("boot")["projects"][0]["id"]

    def _sign_in(self) -> None:
        address = f"{self.web}/sign-in/"
        form = self.http.get(address, timeout=PATIENCE_S).text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
        assert token, "the sign-in page has no form"
        fields = {"username": self.person.email, "password": self.person.password}
        self.http.post(address, {**fields, "csrfmiddlewaretoken": token[1]}, timeout=PATIENCE_S)
        assert "sessionid" in self.http.cookies, "sign-in was refused"

    def get(self, path: str) -> dict[str, Any]:
        answer = self.http.get(f"{self.web}/app/api/{path}", timeout=PATIENCE_S)
        answer.raise_for_status()
        return dict(answer.json())

    def post(self, path: str, **body: Any) -> requests.Response:
        return self.http.post(
            f"{self.web}/app/api/{path}",
            json={"key": str(uuid.uuid4()), **body},
            headers={"X-CSRFToken": self.http.cookies["csrftoken"]},
            timeout=PATIENCE_S,
        )

    def snapshot(self) -> dict[str, Any]:
        return self.get(f"projects/{self.project}/snapshot")

    def opens_page(self) -> dict[str, Any]:
        """Load the snapshot and follow the feed from its head; the snapshot."""
        snapshot = self.snapshot()
        self.head = snapshot["head"]
        self.connects()
        return snapshot

    def connects(self) -> None:
        cookies = "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())
        self.socket = connect(
            f"{self.web.replace('http', 'ws', 1)}/ws/app/",
            origin=Origin(self.web),
            additional_headers={"Cookie": cookies},
            legacy=True,
        )
        self._up("hello", build="test", resume={self.project: self.head})
        self.frames_until(lambda frame: frame["type"] == "ready")

    def loses_connection(self) -> None:
        """As a network does: no closing handshake."""
        assert self.socket is not None
        self.socket.socket.close()
        self.socket = None

    def closes_page(self) -> None:
        assert self.socket is not None
        self.socket.close()
        self.socket = None

    def beats(self) -> None:
        """What a page in front of a person says every `beat_s`."""
        flags = dict.fromkeys(("visible", "focused", "sound", "push"), True)
        self._up("beat", notify="granted", **flags)

    def _up(self, kind: str, **fields: Any) -> None:
        assert self.socket is not None
        self.socket.send(json.dumps({"type": kind, **fields}))

    def frames_until(self, wanted: Any, seconds: float = PATIENCE_S) -> dict[str, Any]:
        """Read frames, collecting events, until one satisfies `wanted`; that frame."""
        assert self.socket is not None
        deadline = time.monotonic() + seconds
        while True:
            left = deadline - time.monotonic()
            assert left > 0, f"no such frame within {seconds} s"
            frame = json.loads(self.socket.recv(timeout=left))
            self._take(frame)
            if wanted(frame):
                return dict(frame)

    def _take(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "events" and frame["stream"] == self.project:
            self.events += [item for item in frame["items"] if item["n"] > self.head]
            self.head = max(self.head, frame["upto"])
            self._up("ack", heads={self.project: self.head})
        elif frame["type"] == "pulse" and frame["heads"].get(self.project, 0) > self.head:
            self._up("hello", build="test", resume={self.project: self.head})

    def sees(self, kind: str, seconds: float = PATIENCE_S, **wanted: Any) -> dict[str, Any]:
        """The data of the first event of `kind` that holds `wanted`, waiting for it on the socket."""
        deadline = time.monotonic() + seconds
        while True:
            for event in self.events:
                if event["kind"] == kind and wanted.items() <= event["data"].items():
                    return dict(event["data"])
            left = deadline - time.monotonic()
            assert left > 0, f"no {kind} with {wanted} within {seconds} s"
            self.frames_until(lambda frame: frame["type"] == "events", left)

    def is_cut_off(self, seconds: float) -> bool:
        """Whether the server closes this socket within `seconds`."""
        try:
            self.frames_until(lambda frame: False, seconds)
        except ConnectionClosed:
            return True
        except (AssertionError, TimeoutError):
            return False
        return False
