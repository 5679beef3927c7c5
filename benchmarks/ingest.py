"""A backlog of updates becomes visible messages; a burst reaches hundreds of bots at once.

./test --bench ingest
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from statistics import harmonic_mean, mean
from typing import Any

import psycopg
import redis
from celery import Celery
from psycopg.rows import dict_row

from benchmarks.support import house as houses
from benchmarks.support import rows
from benchmarks.support.house import say, until
from benchmarks.support.report import Report
from tests.support.house import House

MESSAGES = 5  # of each person in the backlog
WARM_UP = 300
BACKLOG_GOAL = 4.0
BURST_GOAL = 0.5
IDLE_MIB = 250.0
GROWTH_MIB = 25.0  # "memory flat": more would mean that it holds what it has drained


def main() -> int:
    options = _parse()
    report = Report("ingest")
    with houses.house(without=("gateway", "beat")) as place:
        with psycopg.connect(
            place.variables["DATABASE_URL"], autocommit=True, row_factory=dict_row
        ) as connection:
            Backlog(place, connection, report, options.updates).run()
            Burst(place, connection, report, options.bots, options.burst).run()
    return report.close()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest", description=__doc__)
    parser.add_argument("--updates", type=int, default=10_000, help="in the backlog")
    parser.add_argument("--bots", type=int, default=500, help="of one gateway")
    parser.add_argument("--burst", type=int, default=5_000, help="updates, over all bots")
    return parser.parse_args()


class Backlog:
    """The product's worker against a plain program; that one before it and after it."""

    def __init__(
        self,
        place: House,
        connection: "psycopg.Connection[dict[str, Any]]",
        report: Report,
        updates: int,
    ) -> None:
        self.place = place
        self.connection = connection
        self.report = report
        self.updates = updates
        row = connection.execute("SELECT id FROM bots_bot").fetchone()
        assert row is not None
        self.bot = int(row["id"])
        self.worker = houses.process_id(place, "worker")
        self.broker = Celery(broker=place.variables["REDIS_URL"])
        self.valkey = redis.Redis.from_url(place.variables["REDIS_URL"])
        self.first = 0

    def run(self) -> None:
        writer = rows.Writer(self.connection, self.bot)
        for drain in (writer.drain, self._drain):
            self._rate(min(WARM_UP, self.updates), drain)
        share = self.updates // 4
        floor = [self._rate(share, writer.drain)]
        rss = houses.resident(self.worker)
        product = self._rate(self.updates, self._drain)
        growth = houses.resident(self.worker) - rss
        floor.append(self._rate(share, writer.drain))
        self._tell(harmonic_mean(floor), product, growth)

    def _rate(self, updates: int, drain: Callable[[], object]) -> float:
        """Updates a second, of a fresh backlog."""
        until(self._is_idle, "a worker without a task")
        people = max(1, updates // MESSAGES)
        rows.backlog(self.connection, self.bot, people=people, messages=MESSAGES, first=self.first)
        self.first += people * MESSAGES
        self.connection.execute("VACUUM ANALYZE")  # as autovacuum would, and not in the midst
        before = rows.made(self.connection)
        begun = time.monotonic()
        drain()
        rate = people * MESSAGES / (time.monotonic() - begun)
        made = {kind: count - before[kind] for kind, count in rows.made(self.connection).items()}
        say(f"{people * MESSAGES} updates, {rate:.0f} a second: {made}")
        return rate

    def _drain(self) -> None:
        self.broker.send_task("sessions_app.drain_inbox", kwargs={"bot_id": self.bot})
        until(self._is_drained, "an empty inbox", pause=0.02)

    def _is_drained(self) -> bool:
        """The worker has routed what it opened, too: the floor writes those rows as well."""
        return rows.pending(self.connection) == 0 and self._is_idle()

    def _is_idle(self) -> bool:
        """Tasks are acknowledged when they have ended."""
        return not self.valkey.hlen("unacked") and not self.valkey.llen("celery")

    def _tell(self, floor: float, product: float, growth: float) -> None:
        self.report.floors["backlog_updates_per_s"] = floor
        self.report.figures["backlog_updates_per_s"] = product
        self.report.at_least("backlog_over_raw_sql", product / floor, BACKLOG_GOAL)
        self.report.at_most("backlog_rss_growth_mib", growth, GROWTH_MIB)


class Burst:
    """One gateway with many bots against the bare loop; that one before it and after it.

    No worker runs meanwhile, so the gateway's second clock drains: that counts against it.
    """

    def __init__(
        self,
        place: House,
        connection: "psycopg.Connection[dict[str, Any]]",
        report: Report,
        bots: int,
        updates: int,
    ) -> None:
        self.place = place
        self.connection = connection
        self.report = report
        self.bots = bots
        self.each = max(1, updates // bots)

    def run(self) -> None:
        with houses.program(self.place, "support.bots", str(self.bots)) as making:
            self.tokens: list[str] = houses.told(making)
        self._forget_demo()
        houses.stop(self.place, "worker")  # it would drain what comes, on the same machine
        floor = self._bare()
        product = self._product()
        floor += self._bare()
        self._tell(floor, product)

    def _forget_demo(self) -> None:
        """The demo's bot is polled by nobody: it would count and never be stored."""
        self.connection.execute("UPDATE bots_bot SET state = 'invalid' WHERE id = 1")

    def _bare(self) -> list[float]:
        with houses.program(self.place, "support.polls") as loop:
            assert loop.stdin is not None
            loop.stdin.write(json.dumps(self.tokens) + "\n")
            loop.stdin.flush()
            houses.told(loop)
            self._seconds(1)  # warms up
            return self._bursts()

    def _product(self) -> list[float]:
        gateway = houses.start(self.place, "gateway")
        until(self._is_served, f"{self.bots} bots taken", pause=0.2)
        self._seconds(1)
        self.report.at_most("gateway_idle_rss_mib", houses.resident(gateway), IDLE_MIB)
        seconds = self._bursts()
        self.report.figures["gateway_rss_after_bursts_mib"] = houses.resident(gateway)
        houses.stop(self.place, "gateway")
        return seconds

    def _is_served(self) -> bool:
        query = "SELECT count(*) AS bots FROM bots_bot WHERE lease_holder <> ''"
        row = self.connection.execute(query).fetchone()
        return row is not None and row["bots"] >= self.bots

    def _bursts(self) -> list[float]:
        return [self._seconds(self.each) for _ in range(2)]

    def _seconds(self, messages: int) -> float:
        """From the burst, of so many messages to each bot, until all is committed."""
        wanted = rows.stored(self.connection) + messages * self.bots
        begun = time.monotonic()
        burst = {"every_bot": True, "people": 1, "messages": messages}
        self.place.control("updates/burst", burst)
        until(lambda: rows.stored(self.connection) >= wanted, "a stored burst", pause=0.02)
        seconds = time.monotonic() - begun
        say(f"{messages * self.bots} updates to {self.bots} bots stored in {seconds:.2f} s")
        return seconds

    def _tell(self, floor: list[float], product: list[float]) -> None:
        below, above = (self.each * self.bots / mean(seconds) for seconds in (floor, product))
        self.report.floors["gateway_burst_updates_per_s"] = below
        self.report.figures["gateway_burst_updates_per_s"] = above
        self.report.at_least("gateway_burst_over_raw_loop", above / below, BURST_GOAL)


if __name__ == "__main__":
    sys.exit(main())
