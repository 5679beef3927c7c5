"""A backlog of updates becomes visible messages; a burst reaches hundreds of bots at once.

./test --bench ingest
"""

import argparse
import sys
import time
from collections.abc import Callable
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
GROWTH_MIB = 25.0  # "memory flat": more would mean that it holds what it has drained


def main() -> int:
    options = _parse()
    report = Report("ingest")
    with houses.house(without=("gateway", "beat")) as place:
        with psycopg.connect(
            place.variables["DATABASE_URL"], autocommit=True, row_factory=dict_row
        ) as connection:
            Backlog(place, connection, report, options.updates).run()
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
            self._seconds(WARM_UP, drain)
        share = self.updates // 4
        floor = self._seconds(share, writer.drain)
        rss = houses.resident(self.worker)
        product = self._seconds(self.updates, self._drain)
        growth = houses.resident(self.worker) - rss
        floor += self._seconds(share, writer.drain)
        self._tell(2 * share / floor, self.updates / product, growth)

    def _seconds(self, updates: int, drain: Callable[[], object]) -> float:
        """How long the drain of a fresh backlog takes."""
        until(self._is_idle, "a worker without a task")  # it looks once more after its last batch
        people = max(1, updates // MESSAGES)
        rows.backlog(self.connection, self.bot, people=people, messages=MESSAGES, first=self.first)
        self.first += people * MESSAGES
        self.connection.execute("VACUUM ANALYZE")  # as autovacuum would, and not in the midst
        before = rows.counts(self.connection)
        begun = time.monotonic()
        drain()
        seconds = time.monotonic() - begun
        made = {
            table: count - before[table] for table, count in rows.counts(self.connection).items()
        }
        say(f"{people * MESSAGES} updates in {seconds:.2f} s: {made}")
        return seconds

    def _drain(self) -> None:
        self.broker.send_task("sessions_app.drain_inbox", kwargs={"bot_id": self.bot})
        until(lambda: rows.pending(self.connection) == 0, "an empty inbox", pause=0.02)

    def _is_idle(self) -> bool:
        """Tasks are acknowledged when they have ended."""
        return not self.valkey.hlen("unacked") and not self.valkey.llen("celery")

    def _tell(self, floor: float, product: float, growth: float) -> None:
        self.report.floors["backlog_updates_per_s"] = floor
        self.report.figures["backlog_updates_per_s"] = product
        self.report.at_least("backlog_over_raw_sql", product / floor, BACKLOG_GOAL)
        self.report.at_most("backlog_rss_growth_mib", growth, GROWTH_MIB)


if __name__ == "__main__":
    sys.exit(main())
