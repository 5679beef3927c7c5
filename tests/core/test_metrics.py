"""/metrics: for watchers alone, with every figure that docs/metrics.md names and no other."""

import re
from importlib import import_module
from typing import Any

import pytest
import requests
from django.db import DatabaseError, OperationalError
from prometheus_client.parser import text_string_to_metric_families

from bots.actions import inbox
from core import exposition, health, kick, ticks, tx
from tests.factories import make_bot, make_project
from tests.support.processes import started
from tests.support.servers import free_port
from tests.support.source import ROOT
from tests.support.waiting import until
from tgstaff.celery import LoggedTask
from tgstaff.celery import app as celery
from tgstaff.launch import procfile

PATIENCE_S = 100  # importing takes long on a busy machine
NAMED = re.compile(r"^\| `(tgstaff_\w+)` \|", re.MULTILINE)


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Figures of this moment, asked for in the test's own thread; the process is a web."""
    import_module("tgstaff.asgi")
    monkeypatch.setattr(health, "findings", lambda: {n: health._find(p) for n, p in found()})
    monkeypatch.setattr("core.tx.close_old_connections", lambda: None)


def found():
    return health.parts.items()


def values() -> dict[str, float]:
    """By series: `name` or `name{label}`."""
    return {
        sample.name + "".join(f"{{{value}}}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(exposition.text().decode())
        for sample in family.samples
    }


def exposed() -> set[str]:
    families = text_string_to_metric_families(exposition.text().decode())
    names = {one.name + ("_total" if one.type == "counter" else "") for one in families}
    return {name for name in names if name.startswith("tgstaff_")}


@pytest.mark.django_db
def test_the_documentation_names_each_and_no_other():
    named = NAMED.findall((ROOT / "docs" / "metrics.md").read_text())
    assert sorted(named) == sorted(exposed())
    assert len(named) > 40


@pytest.mark.django_db
def test_the_documentation_gives_the_limits_that_hold():
    text = (ROOT / "docs" / "metrics.md").read_text()
    for name, part in health.parts.items():
        for figure, limit in part.limits.items():
            series = exposition.series(name, figure)
            assert re.search(rf"`{series}` \|[^|]*\| > {limit:g}\b", text), series


@pytest.mark.django_db
class TestWhoMaySee:
    def test_nobody_unless_one_of_them_is_set(self, client):
        assert client.get("/metrics").status_code == 404
        assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404

    def test_the_bearer_of_the_token(self, client, settings):
        settings.METRICS_TOKEN = "secret"
        wrong = client.get("/metrics", headers={"Authorization": "Bearer wrong"})
        right = client.get("/metrics", headers={"Authorization": "Bearer secret"})
        assert wrong.status_code == 404
        assert right.status_code == 200
        assert right["Content-Type"].startswith("text/plain")
        assert b"tgstaff_part_ok" in right.content

    def test_a_listed_address(self, client, settings):
        settings.METRICS_ADDRESSES = ["127.0.0.0/8"]
        assert client.get("/metrics").status_code == 200
        assert client.get("/metrics", REMOTE_ADDR="203.0.113.5").status_code == 404


@pytest.mark.django_db
def test_a_figure_of_the_rows_is_that_of_this_moment():
    bot = make_bot(make_project())
    assert values()["tgstaff_inbox_pending"] == 0
    inbox.store(bot_id=bot.pk, updates=[(1, b"{}")], next_offset=2, epoch=None)
    assert values()["tgstaff_inbox_pending"] == 1


@pytest.mark.django_db
def test_what_was_never_seen_is_above_every_limit():
    assert values()["tgstaff_processes_beat_seconds"] == float("inf")
    ticks.alive("beat")
    assert values()["tgstaff_processes_beat_seconds"] < 12


@pytest.mark.django_db
def test_the_rows_cost_few_queries_however_many_there_are(django_assert_max_num_queries):
    for number in range(5):
        bot = make_bot(make_project(name=f"Help {number}"))
        inbox.store(bot_id=bot.pk, updates=[(1, b"{}")], next_offset=2, epoch=None)
    with django_assert_max_num_queries(20):
        exposition.text()


def fail(*args: object, **kwargs: object) -> None:
    raise ZeroDivisionError


class TestCounters:
    @pytest.fixture(autouse=True)
    def before(self, monkeypatch):
        monkeypatch.setattr(health, "findings", dict)
        self.counted = values()

    def grown(self, series: str) -> float:
        return values()[series] - self.counted.get(series, 0)

    def test_a_dropped_kick(self):
        kick._sender()._count_dropped(2)
        assert self.grown("tgstaff_kicks_dropped_total") == 2

    @pytest.mark.django_db
    def test_a_job_that_fails(self):
        ticks.Job("test.bad", 60, fail).run()
        assert self.grown("tgstaff_jobs_failed_total{test.bad}") == 1

    def test_a_task_that_fails(self, monkeypatch):
        celery.loader.import_default_modules()
        task: Any = celery.tasks["core.tick"]
        monkeypatch.setattr(task, "run", fail)
        with pytest.raises(ZeroDivisionError):
            LoggedTask.__call__(task, name="x")
        assert self.grown("tgstaff_tasks_failed_total{core.tick}") == 1
        assert self.grown("tgstaff_task_seconds_count{core.tick}") == 1

    def test_an_action_that_is_repeated(self):
        tries: list[int] = []

        def once_in_the_way() -> None:
            tries.append(1)
            if len(tries) == 1:
                raise OperationalError("database is locked")

        tx.run(once_in_the_way)
        assert self.grown("tgstaff_conflicts_total") == 1

    @pytest.mark.django_db
    def test_a_request(self, client):
        client.get("/nothing/")
        assert self.grown("tgstaff_request_seconds_count{4xx}") == 1

    @pytest.mark.django_db
    def test_an_update(self):
        bot = make_bot(make_project())
        for _ in range(2):
            inbox.store(bot_id=bot.pk, updates=[(1, b"{}")], next_offset=2, epoch=None)
        assert self.grown("tgstaff_updates_read_total") == 2


def test_a_part_that_fails_takes_no_other_with_it(monkeypatch):
    def gone() -> health.Figures:
        raise DatabaseError("gone")

    broken = health.Part("database", gone, {}, needs_rows=True)
    monkeypatch.setattr(health, "findings", lambda: {"database": health._find(broken)})
    assert values()["tgstaff_part_ok{database}"] == 0
    assert "tgstaff_kicks_dropped_total" in values()


@pytest.mark.slow
@pytest.mark.parametrize("process", ["gateway", "worker"])
def test_a_process_that_is_no_web_shows_its_own(tmp_path, database_url, process):
    port = free_port()
    variables = {
        "DATABASE_URL": database_url,
        "REDIS_URL": "",
        "METRICS_PORT": str(port),
        "PATH": procfile.path(),
    }
    with started(procfile.commands()[process], tmp_path / "log", variables):
        said = until(lambda: counters(port), PATIENCE_S)
    assert "tgstaff_kicks_dropped_total" in said
    assert "tgstaff_inbox_pending" not in said


def counters(port: int) -> str:
    try:
        return requests.get(f"http://127.0.0.1:{port}/", timeout=5).text
    except requests.ConnectionError:
        return ""
