"""From the gateway's read to the text on an agent's socket, at 10 and at 50 messages a second.

./test --bench live
"""

import argparse
import json
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any

from benchmarks.support import house as houses
from benchmarks.support.house import say
from benchmarks.support.report import Report, percentile
from tests.support.house import Agent, House
from tgstaff.launch import procfile

RATES = (10, 50)  # messages a second
WARM_UP = 50
PROCESSES = ("gateway", "worker", "web")
P50_GOAL, P95_GOAL = 3.0, 6.0
SENDERS = 8
PATIENCE_S = 60.0


def main() -> int:
    options = _parse()
    report = Report("live")
    with houses.house() as place, Floor(place).running() as floor:
        product = Product(place, options.customers)
        for side in (floor, product):
            side.measure(RATES[-1], min(WARM_UP, round(RATES[-1] * options.seconds)))
        for rate in RATES:
            _compare(report, rate, round(rate * options.seconds), floor, product)
    _judge(report)
    return report.close()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20, help="at each rate")
    parser.add_argument("--customers", type=int, default=40, help="who write in turn")
    return parser.parse_args()


def _compare(report: Report, rate: int, count: int, floor: "Floor", product: "Product") -> None:
    """Half of the floor before the product and half after it: the machine changes its mood."""
    half = max(1, count // 2)
    bare = floor.measure(rate, half)
    spent = product.spent()
    full = product.measure(rate, count)
    for name, seconds in product.spent().items():
        report.figures[f"cpu_ms_a_message_at_{rate}_{name}"] = (
            (seconds - spent[name]) * 1000 / count
        )
    bare += floor.measure(rate, half)
    for stage, milliseconds in product.stages.items():
        report.figures[f"p50_ms_at_{rate}_{stage}"] = milliseconds
        say(f"{rate}/s {stage}: {milliseconds:.1f} ms")
    for percent in (50, 95):
        below, above = (percentile(seconds, percent) * 1000 for seconds in (bare, full))
        report.floors[f"p{percent}_ms_at_{rate}"] = below
        report.figures[f"p{percent}_ms_at_{rate}"] = above
        say(f"{rate}/s p{percent}: {above:.1f} ms over {below:.1f} ms")


def _judge(report: Report) -> None:
    """By the worse of the two rates."""
    for percent, goal in ((50, P50_GOAL), (95, P95_GOAL)):
        keys = [f"p{percent}_ms_at_{rate}" for rate in RATES]
        worst = max(report.figures[key] / report.floors[key] for key in keys)
        report.at_most(f"p{percent}_over_floor", worst, goal)


def bare(worker: list[str]) -> list[str]:
    """The product's command for a worker, for the floor's: Celery is to find no Django."""
    *shell, line = worker
    line = line.replace("-A tgstaff ", "-A benchmarks.support.hop ")
    return [*shell, line.replace("exec ", "exec env -u DJANGO_SETTINGS_MODULE ")]


class Floor:
    def __init__(self, place: House) -> None:
        self.place = place

    @contextmanager
    def running(self) -> Iterator["Floor"]:
        self.place.supervisor.start("floor", bare(procfile.commands()["worker"]))
        with houses.program(self.place, "support.hop") as self.page:
            yield self

    def measure(self, rate: int, count: int) -> list[float]:
        assert self.page.stdin is not None
        self.page.stdin.write(f"{rate} {count}\n")
        self.page.stdin.flush()
        seconds: list[float] = houses.told(self.page)
        assert len(seconds) == count, f"only {len(seconds)} of {count} came through"
        return seconds


class Product:
    """Customers who write, an agent whose page is open."""

    def __init__(self, place: House, customers: int) -> None:
        self.place = place
        self.agent = Agent(place, place.person("Lena"))
        self.agent.opens_page()
        self.bot = place.bot
        self.people = [place.customer(f"Customer {number}").person for number in range(customers)]
        self.lines = threading.local()
        self.arrived: dict[str, float] = {}
        self.round = 0

    def measure(self, rate: int, count: int) -> list[float]:
        """Seconds from the moment the simulator handed an update out."""
        self.round += 1
        texts = [f"round {self.round}, message {number}" for number in range(count)]
        with ThreadPoolExecutor(1) as pool:
            sent = pool.submit(self._send, texts, rate)
            self.agent.frames_until(lambda frame: self._note(frame, texts), PATIENCE_S)
            updates = sent.result()
        handed_out = self._handed_out()
        self.stages = self._stages(texts, [handed_out[updates[text]] for text in texts])
        return [self.arrived[text] - handed_out[updates[text]] for text in texts]

    def _stages(self, texts: list[str], read_at: list[float]) -> dict[str, float]:
        """Where the time goes, p50 in ms: to the inbox, to the event's number, to the page."""
        with houses.database(self.place) as connection:
            rows = connection.execute(
                "SELECT payload->>'text', (payload->>'received_at')::timestamptz, at"
                " FROM live_event WHERE kind = 'message.changed' AND payload->>'text' = ANY(%s)",
                (texts,),
            ).fetchall()
        moments = {text: (stored.timestamp(), event.timestamp()) for text, stored, event in rows}
        steps = [
            (read, *moments[text], self.arrived[text])
            for text, read in zip(texts, read_at, strict=True)
        ]
        return {
            name: percentile([row[place + 1] - row[place] for row in steps], 50) * 1000
            for place, name in enumerate(("to_inbox", "to_event", "to_page"))
        }

    def spent(self) -> dict[str, float]:
        """Seconds of computing so far, by process: what a busy machine does not change."""
        return {name: houses.spent(houses.process_id(self.place, name)) for name in PROCESSES}

    def _note(self, frame: dict[str, Any], texts: list[str]) -> bool:
        """Whether all are there."""
        moment = time.time()
        for item in frame["items"] if frame["type"] == "events" else ():
            if item["kind"] == "message.changed":
                self.arrived.setdefault(item["data"]["text"], moment)
        return texts[-1] in self.arrived and self.arrived.keys() >= set(texts)

    def _send(self, texts: list[str], rate: int) -> dict[str, int]:
        """Steadily, whatever becomes of them; the number of each one's update."""
        begun = time.monotonic()
        with ThreadPoolExecutor(SENDERS) as pool:
            sent = {}
            for number, text in enumerate(texts):
                time.sleep(max(0.0, begun + number / rate - time.monotonic()))
                person = self.people[number % len(self.people)]
                sent[text] = pool.submit(self._say, person, text)
            return {text: answer.result() for text, answer in sent.items()}

    def _say(self, person: int, text: str) -> int:
        """The update's number. Over a connection that is kept: the writing must cost little."""
        if not hasattr(self.lines, "line"):
            self.lines.line = HTTPConnection("127.0.0.1", self.place.simulator_port)
        body = json.dumps({"bot": self.bot, "text": text})
        headers = {"Content-Type": "application/json"}
        self.lines.line.request("POST", f"/control/people/{person}/send", body, headers)
        return int(json.load(self.lines.line.getresponse())["update_id"])

    def _handed_out(self) -> dict[int, float]:
        updates: Any = houses.control_list(self.place, f"updates?bot={self.bot}")
        return {update["update_id"]: update["handed_out_at"] for update in updates}


if __name__ == "__main__":
    sys.exit(main())
