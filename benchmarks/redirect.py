"""Redirect links: requests a second, each click in the database before its visitor goes on, beside
a bare Django view and an empty ASGI application on the same server.

Beside that: how long the same 404 takes for codes that were never given out and for those of archived
links. Who tries codes must not read from the time which ones exist.

./test --bench redirect
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from statistics import harmonic_mean
from typing import Any

import psycopg
import requests

from benchmarks.support import house as houses
from benchmarks.support.house import say, until
from benchmarks.support.report import Report, percentile
from tests.support import servers
from tests.support.house import House

VIEW_GOAL, EMPTY_GOAL = 3.0, 0.6
LEAST_LINKS = 100
# The slower of the two kinds of 404 over the quicker, by their medians.
UNKNOWN_GOAL = 1.15
KINDS, ROUNDS = 50, 4
STEP = 500_000
CODE = "lpad(upper(to_hex(n)), 12, '0')"
LINKS = f"""
INSERT INTO redirects_link (public_id, project_id, code, name, campaign, note, is_enabled,
    fallback_url, greeting, patience_s, created_at, check_state, check_detail, check_due_at, version,
    serial)
SELECT gen_random_uuid(), (SELECT min(id) FROM projects_project), {CODE}, 'Bench', '', '', true,
    '', '', 60, now(), '', '', 'infinity', 1, 1 FROM generate_series(1, %s) n
"""  # noqa: S608  # constants of our own
CLICKS = """
INSERT INTO redirects_click (ticket, link_id, at, kind, state, is_ip_short, user_agent, language,
    referrer, params, utm, is_cut, browser, system, device, country, is_read)
SELECT 'bench-' || lpad(n::text, 16, '0'), l.first + n %% l.many, now() - n * interval '1 second',
    'visit', 'active', false, '', '', '', '[]', '{}', false, '', '', '', '', true
FROM generate_series(%s::int, %s::int) n,
    (SELECT min(id) AS first, count(*) AS many FROM redirects_link WHERE name = 'Bench') l
"""
ARCHIVED = """
UPDATE redirects_link SET archived_at = now(), serial = 2
WHERE name = 'Bench' AND id % 2 = 0 RETURNING code
"""
SWITCHED_OFF = """
UPDATE redirects_link SET is_enabled = false, serial = 3
WHERE name = 'Bench' AND id % 2 = 1 RETURNING code
"""


def main() -> int:
    options = _parse()
    report = Report("redirect")
    with houses.house(without=("gateway", "worker", "beat")) as place, ExitStack() as stack:
        connection = stack.enter_context(closing(houses.database(place)))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        paths = _fill(connection, folder, options.links, options.clicks)
        crowd = Crowd(place, paths, options.visitors)
        doors = {name: stack.enter_context(_floor(place, name)) for name in ("empty", "view")}
        doors["links"] = place.port
        until(lambda: crowd.first(place.port) == 302, "links in the web's memory", pause=0.2)
        for port in doors.values():
            crowd.visit(port, min(2.0, options.seconds))
        _measure(report, connection, crowd, doors, options.seconds)
        _compare_unknown(report, connection, place, folder, options.seconds)
    return report.close()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.redirect", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="at each door")
    parser.add_argument("--visitors", type=int, default=128, help="at once")
    parser.add_argument("--links", type=int, default=LEAST_LINKS, help="stored; large: 100000")
    parser.add_argument("--clicks", type=int, default=0, help="stored before; large: 10000000")
    return parser.parse_args()


def _fill(connection: "psycopg.Connection[Any]", folder: Path, links: int, clicks: int) -> Path:
    """The paths that are visited, in a file."""
    connection.execute("SET statement_timeout = 0")
    connection.execute(LINKS, (links,))
    for first in range(0, clicks, STEP):
        connection.execute(CLICKS, (first + 1, min(first + STEP, clicks)))
        say(f"{min(first + STEP, clicks)} clicks stored")
    connection.execute("VACUUM ANALYZE redirects_link, redirects_click")
    rows = connection.execute("SELECT code FROM redirects_link WHERE name = 'Bench'").fetchall()
    paths = folder / "paths"
    every = max(1, len(rows) // 10_000)
    paths.write_text("\n".join(f"/{code}?utm_source=news&plan=gold" for (code,) in rows[::every]))
    return paths


@contextmanager
def _floor(place: House, name: str) -> Iterator[int]:
    """The product's server with that application in it; its port."""
    port = servers.free_port()
    application = f"benchmarks.support.doors:{name}"
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.support.daphne"]
        + ["-p", str(port), "--ping-interval", "0", "-v", "0", application],
        env={key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"},
        preexec_fn=servers.die_with_parent,
    )
    try:
        until(lambda: _answers(port), f"the floor {name}", pause=0.1)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _answers(port: int) -> bool:
    with suppress(requests.ConnectionError):
        return requests.get(f"http://127.0.0.1:{port}/x", timeout=5).ok
    return False


class Crowd:
    def __init__(self, place: House, paths: Path, visitors: int) -> None:
        self.place, self.paths, self.visitors = place, paths, visitors

    def first(self, port: int) -> int:
        """What the first path is answered with."""
        path = self.paths.read_text().split()[0]
        answer = requests.get(f"http://127.0.0.1:{port}{path}", allow_redirects=False, timeout=10)
        return answer.status_code

    def visit(self, port: int, seconds: float) -> tuple[dict[str, int], list[float], float]:
        """Statuses, the seconds of each request, and requests a second."""
        with houses.program(self.place, "support.visitors") as program:
            assert program.stdin is not None
            program.stdin.write(f"{port} {self.paths} {seconds} {self.visitors}\n")
            program.stdin.flush()
            found = houses.told(program)
        return found["statuses"], found["seconds"], found["rate"]


def _measure(
    report: Report,
    connection: "psycopg.Connection[Any]",
    crowd: Crowd,
    doors: dict[str, int],
    seconds: float,
) -> None:
    """The floors before the product and after it."""
    rates: dict[str, list[float]] = {name: [] for name in doors}
    for name in ("view", "empty", "links", "links", "empty", "view"):
        before = _stored(connection)
        statuses, taken, rate = crowd.visit(doors[name], seconds / 2)
        rates[name].append(rate)
        say(f"{name}: {rate:.0f} a second, p99 {percentile(taken, 99) * 1000:.1f} ms: {statuses}")
        if name == "links":
            missing = statuses.get("302", 0) - (_stored(connection) - before)
            if set(statuses) != {"302"} or missing:
                raise SystemExit(f"clicks that are not stored: {missing}, answers: {statuses}")
            for percent in (50, 99):
                report.figures[f"p{percent}_ms"] = percentile(taken, percent) * 1000
        else:
            report.floors[f"{name}_p99_ms"] = percentile(taken, 99) * 1000
    per_s = {name: harmonic_mean(values) for name, values in rates.items()}
    report.figures["clicks_per_s"] = per_s["links"]
    report.floors["django_view_per_s"] = per_s["view"]
    report.floors["empty_asgi_per_s"] = per_s["empty"]
    report.at_least("over_django_view", per_s["links"] / per_s["view"], VIEW_GOAL)
    report.at_least("over_empty_asgi", per_s["links"] / per_s["empty"], EMPTY_GOAL)


def _compare_unknown(
    report: Report,
    connection: "psycopg.Connection[Any]",
    place: House,
    folder: Path,
    seconds: float,
) -> None:
    """One visitor after the other, the kinds in turns. What is no code at all is found out sooner, and
    a link that is switched off says so on a page of its own: their times are only figures here."""
    archived, off = (
        [code for (code,) in connection.execute(query).fetchall()][:KINDS]
        for query in (ARCHIVED, SWITCHED_OFF)
    )
    kinds = {
        "unknown": (404, [f"Zz{number:010d}" for number in range(KINDS)]),
        "archived": (404, archived),
        "malformed": (404, [f"Zz{number:08d}-z" for number in range(KINDS)]),
        "switched_off": (410, off),
    }
    crowds = {}
    for kind, (_status, codes) in kinds.items():
        paths = folder / kind
        paths.write_text("\n".join(f"/{code}" for code in codes))
        crowds[kind] = Crowd(place, paths, 1)
    until(lambda: crowds["archived"].first(place.port) == 404, "closed links in memory", pause=0.2)
    for crowd in crowds.values():
        crowd.visit(place.port, 1.0)
    taken: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _round in range(ROUNDS):
        for kind, (status, _codes) in kinds.items():
            statuses, found, _rate = crowds[kind].visit(place.port, seconds / 8)
            if set(statuses) != {str(status)}:
                raise SystemExit(f"{kind}: {statuses}")
            taken[kind] += found
    median = {kind: percentile(values, 50) * 1000 for kind, values in taken.items()}
    report.figures.update({f"p50_ms_{kind}": value for kind, value in median.items()})
    alike = sorted((median["unknown"], median["archived"]))
    report.at_most("unknown_codes_apart", alike[1] / alike[0], UNKNOWN_GOAL)


def _stored(connection: "psycopg.Connection[Any]") -> int:
    row = connection.execute(
        "SELECT count(*) FROM redirects_click WHERE ticket NOT LIKE 'bench-%'"
    ).fetchone()
    assert row is not None
    return int(row[0])


if __name__ == "__main__":
    sys.exit(main())
