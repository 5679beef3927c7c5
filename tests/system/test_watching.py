"""Faults made real, one after the other, as whoever watches sees them."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support import house as houses
from tests.support import servers
from tests.support.house import House
from tests.support.waiting import until

# 15 s are promised; the rest is for a machine that is busy with other tests.
SHOWN_S = 40
WELL_S = 90


def readyz(house: House) -> tuple[int, dict[str, Any]]:
    headers = {"Authorization": "Bearer canary"}
    try:
        answer = requests.get(f"{house.web}/readyz", headers=headers, timeout=10)
    except requests.RequestException:
        return 0, {"state": "", "parts": {}}
    return answer.status_code, answer.json()


def is_well(house: House) -> bool:
    return bool(readyz(house)[1]["state"] == "ok")


def troubles(house: House) -> dict[str, dict[str, Any]]:
    parts = readyz(house)[1]["parts"]
    return {name: part for name, part in parts.items() if part["state"] != "ok"}


@contextmanager
def frozen(house: House, name: str) -> Iterator[None]:
    """To others a process that stands still is as good as dead."""
    (child,) = [one for one in house.supervisor.children if one.program.name == name]
    os.killpg(child.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(child.process.pid, signal.SIGCONT)


@pytest.mark.long
@pytest.mark.postgres
@pytest.mark.timeout(600)
def test_what_goes_wrong_in_production_is_seen_and_seen_to_end(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with (
        servers.postgres() as database,
        servers.valkey() as redis,
        houses.production(
            tmp_path / "data",
            database_url=database.url,
            redis_url=redis.url,
            METRICS_TOKEN="canary",
            LOG_LEVEL="ERROR",
        ) as house,
    ):
        until(lambda: is_well(house), WELL_S)
        seen = {name: freeze(house, name) for name in ("gateway", "worker", "beat")}
        seen |= {"redis": lose_redis(house, redis), "database": lose_database(house, database)}
    record_property("seconds until it was seen", seen)


def seconds_until(condition: Callable[[], object]) -> float:
    begun = time.monotonic()
    until(condition, SHOWN_S)
    return round(time.monotonic() - begun, 1)


def freeze(house: House, name: str) -> float:
    with frozen(house, name):
        seen = seconds_until(lambda: silent(house) == {name})
        if name == "gateway":
            until(lambda: troubles(house)["bots"]["unserved"] == 1, SHOWN_S)
    until(lambda: is_well(house), WELL_S)
    return seen


def lose_redis(house: House, redis: servers.Server) -> float:
    redis.stop()
    seen = seconds_until(lambda: troubles(house).get("redis", {}).get("state") == "silent")
    assert readyz(house)[0] == 200
    redis.start()
    until(lambda: is_well(house), WELL_S)
    return seen


def lose_database(house: House, database: servers.Server) -> float:
    database.stop()
    seen = seconds_until(lambda: readyz(house)[0] == 503)
    assert requests.get(f"{house.web}/healthz", timeout=10).status_code == 200
    database.start()
    until(lambda: is_well(house), WELL_S)
    return seen


def silent(house: House) -> set[str]:
    """The kinds of process that have not been heard of for too long."""
    found = troubles(house).get("processes", {})
    limits = found.get("limits", {})
    return {name.removesuffix("_s") for name, most in limits.items() if (found[name] or 99) > most}
