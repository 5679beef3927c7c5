"""The simulator over HTTP, as bots and tests reach it."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.support import waiting

PATIENCE_S = 20
TOKEN = "123456:AAtest_token-0123456789"
Json = dict[str, Any]


class Telegram:
    """One running simulator: its control side, and the bot side of the bot of TOKEN."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.bot = 123456

    def control(self, verb: str, path: str, /, **fields: Any) -> requests.Response:
        address = f"{self.url}/control{path}"
        if verb == "GET":
            return requests.get(address, params=fields, timeout=PATIENCE_S)
        return requests.request(verb, address, json=fields, timeout=PATIENCE_S)

    def get(self, path: str, /, **query: Any) -> Any:
        answer = self.control("GET", path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, /, **fields: Any) -> Any:
        answer = self.control("POST", path, **fields)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, path: str, /, **fields: Any) -> str:
        """The sentence of a refusal of the control side."""
        answer = self.control("POST", path, **fields)
        assert answer.status_code == 400, answer.text
        return str(answer.json()["error"])

    def raw(self, method: str, token: str = TOKEN, **params: Any) -> requests.Response:
        address = f"{self.url}/bot{token}/{method}"
        return requests.post(address, json=params, timeout=PATIENCE_S)

    def call(self, method: str, **params: Any) -> Any:
        """The result of a call that must succeed."""
        answer = self.raw(method, **params).json()
        assert answer["ok"], answer
        return answer["result"]

    def error(self, method: str, **params: Any) -> tuple[int, str]:
        """Code and description of a call that must fail, the code in both its places."""
        response = self.raw(method, **params)
        answer = response.json()
        assert (answer["ok"], answer["error_code"]) == (False, response.status_code), answer
        return answer["error_code"], answer["description"]

    def poll(self, **params: Any) -> list[Json]:
        return list(self.call("getUpdates", **params))

    def person(self, **fields: Any) -> int:
        return int(self.post("/people", **fields)["id"])

    def customer(self, **fields: Any) -> int:
        """Somebody who has pressed START, whose `/start` is confirmed already."""
        person = self.person(**fields)
        started = self.act(person, "start")
        self.poll(offset=started["update_id"] + 1)
        return person

    def act(self, person: int, verb: str, **fields: Any) -> Json:
        answer: Json = self.post(f"/people/{person}/{verb}", bot=self.bot, **fields)
        return answer

    def says(self, person: int, text: str) -> int:
        """The update's number."""
        return int(self.act(person, "send", text=text)["update_id"])

    def transcript(self, person: int) -> list[Json]:
        return list(self.get(f"/people/{person}/transcript", bot=self.bot)["messages"])

    def texts(self, person: int) -> list[str]:
        return [message["text"] for message in self.transcript(person)]

    def fault(self, kind: str, **fields: Any) -> Json:
        answer: Json = self.post("/faults", kind=kind, **fields)
        return answer

    def journal(self, **query: Any) -> list[Json]:
        return list(self.get("/journal", **query)["entries"])

    def states(self) -> dict[int, str]:
        return {item["update_id"]: item["state"] for item in self.get("/updates", bot=self.bot)}

    def is_polled(self) -> bool:
        return bool(self.get("/bots")["bots"][0]["is_polled"])

    def begin_poll(self, **params: Any) -> "Background":
        """A long poll in the background, once the simulator has it."""
        poll = Background(lambda: self.raw("getUpdates", **({"timeout": 50} | params)))
        waiting.until(self.is_polled)
        return poll

    def socket(self) -> socket.socket:
        parts = urlsplit(self.url)
        assert parts.hostname is not None
        assert parts.port is not None
        return socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE_S)


class Background:
    """A request in a thread; `answer` waits for it, and raises what it raised."""

    def __init__(self, ask: Callable[[], requests.Response]) -> None:
        self._result: Future[requests.Response] = Future()
        threading.Thread(target=self._run, args=[ask], daemon=True).start()

    def _run(self, ask: Callable[[], requests.Response]) -> None:
        try:
            self._result.set_result(ask())
        except requests.RequestException as error:
            self._result.set_exception(error)

    def answer(self) -> requests.Response:
        return self._result.result(PATIENCE_S)


class Receiver:
    """A webhook on loopback: keeps what arrives, and answers with what `reply` says, with `headers`
    and not before `hold` is set."""

    def __init__(self) -> None:
        self.forget()
        self.hold = threading.Event()
        self.hold.set()
        self.headers: dict[str, str] = {}
        self.counting = threading.Lock()
        self.at_once = self.most_at_once = 0
        self.reply: Callable[[Json], tuple[int, str]] = lambda update: (200, "")
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                update = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with receiver.busy():  # until it answers: then the next may come
                    status, body = self.take(update)
                self.send_response(status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def take(self, update: Json) -> tuple[int, str]:
                receiver.moments.append(time.monotonic())
                receiver.secrets.append(self.headers.get("X-Telegram-Bot-Api-Secret-Token"))
                receiver.received.append(update)
                receiver.hold.wait(PATIENCE_S)
                return receiver.reply(update)

            def log_message(self, *words: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def forget(self) -> None:
        self.received: list[Json] = []
        self.secrets: list[str | None] = []
        self.moments: list[float] = []

    def pauses(self) -> list[float]:
        """Seconds between what arrived."""
        return [later - earlier for earlier, later in pairwise(self.moments)]

    @contextmanager
    def busy(self) -> Iterator[None]:
        with self.counting:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        yield
        with self.counting:
            self.at_once -= 1

    def texts(self) -> list[str]:
        messages = [update["message"] for update in self.received if "message" in update]
        return [message["text"] for message in messages]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
