"""Crash points: a process dies where the test says, and nowhere outside of tests."""

import os
import re
import signal
from pathlib import Path

import pytest

from core import crash
from core.models import Tick
from tests.support.processes import ROOT, python, started

RECORDS_A_TICK = """
from core import clock, tx
from core.models import Tick
with tx.change("inbox"):
    with tx.change("drain"):
        Tick.objects.create(name="crash", last_run_at=clock.now())
"""


@pytest.fixture
def ends(database_url, tmp_path):
    """The exit code of a process that records a tick, with the environment given."""

    def run(**environment):
        log = tmp_path / "log"
        given = {"DATABASE_URL": database_url, "PYTHONWARNINGS": "ignore"} | environment
        with started(python(RECORDS_A_TICK), log, given) as process:
            return process.wait(60)

    return run


@pytest.mark.parametrize(
    ("point", "kept"), [("inbox.before_commit", False), ("inbox.after_commit", True)]
)
def test_it_dies_on_one_side_of_the_commit(ends, point, kept):
    assert ends(CRASH_AT=point) == -signal.SIGKILL
    assert Tick.objects.filter(name="crash").exists() is kept


def test_it_passes_other_points_and_those_of_nested_changes(ends):
    assert ends(CRASH_AT="drain.after_commit") == 0


def test_it_does_nothing_outside_of_tests(settings, monkeypatch):
    monkeypatch.setattr(os, "kill", lambda *args: pytest.fail("it would have died"))
    settings.CRASH_AT, settings.TESTING = "call.before", False
    crash.here("call.before")


def test_every_point_is_in_the_product():
    apps = ("bots", "sessions_app")
    source = "\n".join(path.read_text() for app in apps for path in Path(ROOT, app).rglob("*.py"))
    named = set(re.findall(r'tx\.change\("(\w+)"\)', source))
    placed = set(re.findall(r'crash\.here\("([\w.]+)"\)', source))
    assert named == set(crash.CHANGES)
    assert placed == {point for point in crash.POINTS if not point.endswith("_commit")}
