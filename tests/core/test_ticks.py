"""core.ticks: a periodic job runs once however many clocks ask."""

import logging

import pytest

from core import ticks
from core.models import Tick
from core.tasks import tick
from tests.support.threads import together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def runs(monkeypatch):
    """The only registered job, every 60 s, and a list that grows with each run of it."""
    done: list[int] = []
    monkeypatch.setattr(ticks, "jobs", {})
    ticks.every(60, "test.job")(lambda: done.append(1))
    return done


def test_of_16_clocks_that_ask_at_once_one_runs_the_job(runs):
    answers = together(*[ticks.jobs["test.job"].run] * 16)
    assert sorted(answers) == [False] * 15 + [True]
    assert len(runs) == 1


def test_of_16_clocks_one_runs_it_again_when_it_is_due_again(runs, shift_clock):
    assert ticks.jobs["test.job"].run()
    shift_clock(60)
    answers = together(*[ticks.jobs["test.job"].run] * 16)
    assert sorted(answers) == [False] * 15 + [True]
    assert len(runs) == 2


def test_it_does_not_run_before_its_interval_has_passed(runs, shift_clock):
    job = ticks.jobs["test.job"]
    assert job.run()
    shift_clock(50)
    assert not job.run()
    shift_clock(9)  # clocks come a little early: 59 of 60 s will do
    assert job.run()


def test_the_second_clock_waits_for_two_intervals(runs, shift_clock):
    assert ticks.run_overdue() == ["test.job"]  # it never ran
    shift_clock(110)
    assert ticks.run_overdue() == []
    shift_clock(15)
    assert ticks.run_overdue() == ["test.job"]


def test_a_job_that_fails_is_logged_and_comes_again(monkeypatch, caplog, shift_clock):
    monkeypatch.setattr(ticks, "jobs", {})
    ticks.every(60, "test.bad")(lambda: 1 / 0)
    with caplog.at_level(logging.ERROR, "core.ticks"):
        assert ticks.jobs["test.bad"].run()
    assert "periodic job test.bad failed" in caplog.text
    assert "ZeroDivisionError" in caplog.text
    shift_clock(60)
    assert ticks.jobs["test.bad"].run()


def test_one_job_that_fails_does_not_stop_the_others(monkeypatch, runs):
    ticks.jobs = {"test.bad": ticks.Job("test.bad", 60, lambda: 1 / 0), **ticks.jobs}
    assert ticks.run_overdue() == ["test.bad", "test.job"]
    assert len(runs) == 1


def test_the_task_of_the_first_clock_runs_the_job_by_name(runs):
    tick("test.job")
    tick("test.job")
    assert len(runs) == 1
    assert Tick.objects.filter(name="test.job").count() == 1
