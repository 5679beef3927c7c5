"""A long line is given out to many agents; and how long a new session waits for its agent.

./test --bench routing
"""

import argparse
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import harmonic_mean
from typing import Any

import psycopg
import redis
from celery import Celery
from psycopg.rows import dict_row

from benchmarks.support import giving, rows
from benchmarks.support import house as houses
from benchmarks.support.house import say, until
from benchmarks.support.report import Report, percentile
from tests.support.house import House

WARM_UP = 300
DRAIN_GOAL = 4.0
FAIRNESS_GOAL = 1.0
RATE = 50  # new sessions a second
SENDERS = 8


def main() -> int:
    options = _parse()
    report = Report("routing")
    with houses.house(without=("gateway", "beat")) as place:
        with houses.program(place, "support.agents", str(options.agents)) as making:
            houses.told(making)
        with psycopg.connect(
            place.variables["DATABASE_URL"], autocommit=True, row_factory=dict_row
        ) as connection:
            line = Line(place, connection, report)
            line.run(options.sessions)
            Arrivals(place, connection, report).run(round(RATE * options.seconds))
    return report.close()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.routing", description=__doc__)
    parser.add_argument("--sessions", type=int, default=10_000, help="in the line")
    parser.add_argument("--agents", type=int, default=100, help="all online")
    parser.add_argument("--seconds", type=float, default=20, help=f"of {RATE} arrivals each")
    return parser.parse_args()


class Line:
    """The product's worker against a plain program; that one before it and after it."""

    def __init__(
        self, place: House, connection: "psycopg.Connection[dict[str, Any]]", report: Report
    ) -> None:
        self.connection = connection
        self.report = report
        row = connection.execute("SELECT id, project_id FROM bots_bot ORDER BY id").fetchone()
        assert row is not None
        self.bot, self.project = int(row["id"]), int(row["project_id"])
        self.broker = Celery(broker=place.variables["REDIS_URL"])
        self.valkey = redis.Redis.from_url(place.variables["REDIS_URL"])

    def run(self, sessions: int) -> None:
        for give_out in (self._plainly, self._product):
            self._rate(min(WARM_UP, sessions), give_out)
        share = max(1, sessions // 8)
        floor = [self._rate(share, self._plainly)]
        last = self._last_session()
        product = self._rate(sessions, self._product)
        self.report.at_most("fairness_deviation", self._deviation(last), FAIRNESS_GOAL)
        floor.append(self._rate(share, self._plainly))
        self.report.floors["drain_sessions_per_s"] = below = harmonic_mean(floor)
        self.report.figures["drain_sessions_per_s"] = product
        self.report.at_least("drain_over_raw_sql", product / below, DRAIN_GOAL)

    def _rate(self, sessions: int, give_out: Callable[[], object]) -> float:
        """Sessions a second, of a fresh line."""
        until(self._is_idle, "a worker without a task")
        giving.lines(self.connection, self.project, self.bot, sessions)
        self.connection.execute("VACUUM ANALYZE")  # as autovacuum would, and not in the midst
        before = self._made()
        begun = time.monotonic()
        give_out()
        rate = sessions / (time.monotonic() - begun)
        made = {kind: count - before[kind] for kind, count in self._made().items()}
        assert made["attempts"] == made["assignments"] == made["messages"] == sessions, made
        say(f"{sessions} sessions, {rate:.0f} a second: {made}")
        return rate

    def _plainly(self) -> None:
        giving.Giver(self.connection, self.bot).give_out()

    def _product(self) -> None:
        given = {"project_id": self.project, "trigger": "opened"}
        self.broker.send_task("sessions_app.route_project", kwargs=given)
        until(lambda: self._waiting() == 0 and self._is_idle(), "an empty line", pause=0.02)

    def _is_idle(self) -> bool:
        """Tasks are acknowledged when they have ended."""
        return not self.valkey.hlen("unacked") and not self.valkey.llen("celery")

    def _made(self) -> dict[str, int]:
        query = "SELECT count(*) FROM sessions_app_assignment"
        return rows.made(self.connection) | {"assignments": self._number(query)}

    def _waiting(self) -> int:
        query = "SELECT count(*) FROM sessions_app_chatsession WHERE state = 'unassigned'"
        return self._number(query)

    def _last_session(self) -> int:
        return self._number("SELECT max(id) AS count FROM sessions_app_chatsession")

    def _deviation(self, last: int) -> int:
        """Most less fewest sessions over all agents, of the sessions after `last`."""
        return self._number(
            "SELECT max(given) - min(given) AS count FROM ("
            " SELECT a.id, count(s.id) AS given FROM projects_agent a"
            " LEFT JOIN sessions_app_chatsession s ON s.owner_id = a.id AND s.id > %s"
            " WHERE a.project_id = %s AND a.removed_at IS NULL GROUP BY a.id) loads",
            *(last, self.project),
        )

    def _number(self, query: str, *values: int) -> int:
        row = self.connection.execute(query, values).fetchone()
        assert row is not None
        return int(row["count"])


class Arrivals:
    """New customers who write steadily; from the simulator's handing out to the owner's moment."""

    def __init__(
        self, place: House, connection: "psycopg.Connection[dict[str, Any]]", report: Report
    ) -> None:
        self.place = place
        self.connection = connection
        self.report = report

    def run(self, count: int) -> None:
        people = [
            self.place.customer(f"New {number}", starts=False).person for number in range(count)
        ]
        houses.start(self.place, "gateway")
        until(self._is_served, "a gateway that reads", pause=0.1)
        first = self.place.customer("The first", starts=False).person
        self._say(first)  # warms up
        until(lambda: bool(self._assigned([first])), "an agent for the first", pause=0.1)
        begun = time.monotonic()
        with ThreadPoolExecutor(SENDERS) as pool:
            for number, person in enumerate(people):
                time.sleep(max(0.0, begun + number / RATE - time.monotonic()))
                pool.submit(self._say, person)
        until(lambda: len(self._assigned(people)) == count, "an agent for everybody", pause=0.2)
        handed_out = self._handed_out()
        waits = [at - handed_out[person] for person, at in self._assigned(people).items()]
        for percent in (50, 95):
            milliseconds = percentile(waits, percent) * 1000
            self.report.figures[f"arrival_to_assignment_p{percent}_ms_at_{RATE}"] = milliseconds

    def _is_served(self) -> bool:
        query = "SELECT 1 FROM bots_bot WHERE lease_holder <> ''"
        return self.connection.execute(query).fetchone() is not None

    def _say(self, person: int) -> None:
        words = {"bot": self.place.bot, "text": "Good morning!"}
        self.place.control(f"people/{person}/send", words)

    def _assigned(self, people: list[int]) -> dict[int, float]:
        """By the person: when his session got its owner."""
        found = self.connection.execute(
            "SELECT c.telegram_id, extract(epoch FROM s.assigned_at)::float8 AS at"
            " FROM sessions_app_chatsession s JOIN sessions_app_customer c"
            " ON c.id = s.customer_id WHERE c.telegram_id = ANY(%s) AND s.state = 'assigned'",
            (people,),
        ).fetchall()
        return {row["telegram_id"]: row["at"] for row in found}

    def _handed_out(self) -> dict[int, float]:
        """By the person: when his update left the simulator."""
        updates: Any = houses.control_list(self.place, f"updates?bot={self.place.bot}")
        handed = {update["update_id"]: update["handed_out_at"] for update in updates}
        raw = self.connection.execute(
            "SELECT update_id, (convert_from(raw, 'UTF8')::jsonb #>> '{message,from,id}')::bigint"
            " AS person FROM bots_inboundupdate"
        ).fetchall()
        return {
            row["person"]: handed[row["update_id"]] for row in raw if row["update_id"] in handed
        }


if __name__ == "__main__":
    sys.exit(main())
