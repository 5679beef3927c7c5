"""The simulator as a test's Telegram, and gateways in the test's own process."""

import asyncio
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from bots.gateway import Gateway
from bots.models import Bot, OutboundCall
from tests.support import processes, waiting

PATIENCE_S = 60
BOT_ID = 7_100_000_000
TOKEN = f"{BOT_ID}:" + "c4nary" * 6


class Simulator:
    """What happens at Telegram: bots, people, faults, and the journal of every call."""

    def __init__(self, url: str) -> None:
        self.url = url

    def post(self, path: str, **body: Any) -> Any:
        answer = requests.post(f"{self.url}/control/{path}", json=body, timeout=PATIENCE_S)
        assert answer.ok, answer.text
        return answer.json()

    def get(self, path: str, **query: Any) -> Any:
        answer = requests.get(f"{self.url}/control/{path}", params=query, timeout=PATIENCE_S + 10)
        assert answer.ok, answer.text
        return answer.json()

    def reset(self) -> None:
        requests.delete(f"{self.url}/control/faults", timeout=PATIENCE_S)
        self.post("reset")
        self.post("settings", poll_throttle=0, flood_per_chat=1000, flood_per_bot=10_000)

    def add_bot(self, bot: Bot | None = None) -> None:
        """The bot as Telegram knows it; without one, the bot of TOKEN."""
        token, username = (bot.token, bot.username) if bot else (TOKEN, "canary_bot")
        self.post("bots", token=token, username=username, name="Canary")

    def bot_call(self, bot: Bot, method: str, **params: Any) -> None:
        """A call of the bot by some other program."""
        answer = requests.post(
            f"{self.url}/bot{bot.token}/{method}", json=params, timeout=PATIENCE_S
        )
        assert answer.ok, answer.text

    def person(self, bot: Bot) -> int:
        """Somebody who has pressed START; their id, which is the chat's too."""
        person = int(self.post("people", first_name="Carol")["id"])
        self.post(f"people/{person}/start", bot=bot.telegram_id)
        return person

    def says(self, person: int, bot: Bot, text: str) -> int:
        """The update's number."""
        sent = self.post(f"people/{person}/send", bot=bot.telegram_id, text=text)
        return int(sent["update_id"])

    def fault(self, kind: str, **details: Any) -> None:
        self.post("faults", kind=kind, **details)

    def calls(self, method: str, **query: Any) -> list[dict[str, Any]]:
        """Every call there was, accepted or not."""
        return list(self.get("journal", method=method, **query)["entries"])

    def texts(self, bot: Bot) -> list[str]:
        """What was accepted for sending, in order."""
        calls = self.calls("sendMessage", bot=bot.telegram_id)
        return [call["params"]["text"] for call in calls if call["applied"]]

    def shown(self, bot: Bot, person: int) -> list[str]:
        """What the person's phone shows of the bot's texts now."""
        transcript = self.get(f"people/{person}/transcript", bot=bot.telegram_id)["messages"]
        return [row["text"] for row in transcript if row["from"] == "bot"]

    def wait_for_calls(self, method: str, count: int = 1, **query: Any) -> list[dict[str, Any]]:
        found = self.get(
            "wait-for", journal_method=method, count=count, timeout=PATIENCE_S, **query
        )
        return list(found["entries"])

    def wait_until_confirmed(self, bot: Bot, update_id: int) -> None:
        self.get("wait-for", bot=bot.telegram_id, confirmed=update_id, timeout=PATIENCE_S)

    def states(self, bot: Bot) -> dict[int, str]:
        """What Telegram thinks of each update: queued, handed_out or confirmed."""
        updates = self.get("updates", bot=bot.telegram_id)
        return {update["update_id"]: update["state"] for update in updates}


@contextmanager
def simulator(folder: Path) -> Iterator[Simulator]:
    port = folder / "port"
    command = [sys.executable, "-m", "simulator", "--port", "0", "--port-file", str(port)]
    with processes.started(command, folder / "log"):
        number = waiting.until(lambda: port.exists() and port.read_text().strip())
        yield Simulator(f"http://127.0.0.1:{number}")


class GatewayThread:
    """A gateway on a loop and a thread of its own."""

    def __init__(self, name: str) -> None:
        self.gateway = Gateway(name=name)
        self.loop = asyncio.new_event_loop()
        self.stop = asyncio.Event()
        self.failure: BaseException | None = None
        self.thread = threading.Thread(target=self._run, name=f"gateway {name}", daemon=True)

    def _run(self) -> None:
        try:
            self.loop.run_until_complete(self.gateway.run(self.stop))
        except BaseException as error:
            self.failure = error
        finally:
            self.loop.close()

    def end(self) -> None:
        self.loop.call_soon_threadsafe(self.stop.set)
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive(), "the gateway did not end"
        assert self.failure is None, self.failure

    @property
    def bots(self) -> set[int]:
        return set(self.gateway.bots)


@contextmanager
def gateway(name: str = "a") -> Iterator[GatewayThread]:
    running = GatewayThread(name)
    running.thread.start()
    try:
        yield running
    finally:
        if running.thread.is_alive():
            running.end()


told: list[tuple[int, str, str]] = []


def hear(calls: list[OutboundCall]) -> None:
    """In the place of the port `bots.outcomes`: what was told, `(key, state, code)`."""
    told.extend((call.pk, call.state, call.error_code) for call in calls)
