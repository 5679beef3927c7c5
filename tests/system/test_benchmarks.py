"""What ./test --bench runs: at a tiny size, that each measures and says it in the agreed shape."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_S = 280
LIVE = {"p50_over_floor", "p95_over_floor"}
INGEST = {
    "backlog_over_raw_sql",
    "backlog_rss_growth_mib",
    "gateway_burst_over_raw_loop",
    "gateway_idle_rss_mib",
}
REDIRECT = {"over_django_view", "over_empty_asgi", "unknown_codes_apart"}
ROUTING = {"drain_over_raw_sql", "fairness_deviation"}

pytestmark = [pytest.mark.postgres, pytest.mark.long, pytest.mark.timeout(320)]


def run(name, *words):
    """The benchmark's exit code and its last line."""
    process = subprocess.Popen(
        [sys.executable, "-m", f"benchmarks.{name}", *words],
        cwd=ROOT,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        output, _ = process.communicate(timeout=PATIENCE_S)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)  # it stops its servers itself
            process.wait(30)
    return process.returncode, json.loads(output.splitlines()[-1])


def assert_shape(name, keys, code, line):
    assert line.keys() == {"name", "machine", "floors", "figures", "ratios"}
    assert (line["name"], line["ratios"].keys()) == (name, keys)
    for ratio in line["ratios"].values():
        assert ratio.keys() == {"value", "goal", "ok"}
    assert code == (0 if all(ratio["ok"] for ratio in line["ratios"].values()) else 1)
    assert all(value > 0 for value in line["floors"].values())


def test_it_measures_a_backlog_and_a_burst():
    code, line = run("ingest", "--updates", "40", "--bots", "3", "--burst", "9")
    assert_shape("ingest", INGEST, code, line)


def test_it_measures_the_live_path():
    code, line = run("live", "--seconds", "1", "--customers", "3")
    assert_shape("live", LIVE, code, line)
    assert line["figures"]["p50_ms_at_50"] > 0


def test_it_measures_a_long_line():
    code, line = run("routing", "--sessions", "40", "--agents", "5", "--seconds", "0.2")
    assert_shape("routing", ROUTING, code, line)
    assert line["ratios"]["fairness_deviation"]["value"] <= 1
    assert line["figures"]["arrival_to_assignment_p50_ms_at_50"] > 0


def test_it_measures_redirect_links():
    code, line = run("redirect", "--seconds", "1", "--visitors", "8", "--clicks", "1000")
    assert_shape("redirect", REDIRECT, code, line)
    assert line["figures"]["p99_ms"] > 0
