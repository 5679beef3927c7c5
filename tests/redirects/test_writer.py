"""Group commit and spool: no click is lost or doubled, whatever the database does."""

import asyncio
import sqlite3
import threading
import time
from dataclasses import asdict

import pytest
from django.db import OperationalError

from core import clock
from redirects import writer
from redirects.actions import clicks
from redirects.capture import Visit
from redirects.models import Click, EarlyStart, Link
from redirects.spool import Spool
from redirects.writer import Writer
from tests.support.waiting import until

store, put = clicks.store, clicks._store


@pytest.fixture
def spool(tmp_path):
    return Spool(tmp_path / "clicks.sqlite3")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(writer, "RETRY_SECONDS", 0.1)
    monkeypatch.setattr(writer, "LOOK_SECONDS", 0.05)


def opened(link, **fields):
    fields.setdefault("ip", "203.0.113.7")
    return clicks.NewClick(link_id=link.pk, at=clock.now(), visit=Visit(**fields), state="active")


def kept(running, some):
    async def together():
        await asyncio.gather(*(running.keep(click) for click in some))

    asyncio.run(asyncio.wait_for(together(), 30))


def away(rows):
    raise OperationalError("the database is away")


def test_the_spool_keeps_each_ticket_once_and_the_first_word_of_it(spool):
    spool.append([{"ticket": "a", "n": 1}, {"ticket": "b", "n": 2}])
    spool.append([{"ticket": "a", "n": 3}])
    assert spool.first(9) == [{"ticket": "a", "n": 1}, {"ticket": "b", "n": 2}]
    assert Spool(spool.path).state()[0] == 2
    spool.refuse("a", "bad")
    spool.forget(["b"])
    assert spool.first(9) == []
    assert (spool.state()[0], spool.state()[2]) == (0, 1)
    assert spool.path.stat().st_mode & 0o077 == 0


def test_an_empty_spool_makes_no_file(spool):
    assert (spool.first(9), spool.state()) == ([], (0, 0.0, 0))
    assert not spool.path.exists()


@pytest.mark.django_db
def test_what_is_spooled_comes_back_as_it_was(link, spool):
    click = opened(link, user_agent="x", params=[["a", "b"]], utm={"term": "y"}, is_cut=True)
    spool.append([click.plain()])
    clicks.store_spooled(spool.first(9))
    clicks.store_spooled(spool.first(9))
    stored = Click.objects.get()
    own = {name: getattr(stored, name) for name in ("ticket", "link_id", "at", "state")}
    visit = {name: getattr(stored, name) for name in asdict(click.visit)}
    assert {**own, "visit": visit} == asdict(click)


@pytest.mark.django_db
def test_clicks_of_links_that_are_gone_hold_up_no_other(link, spool):
    rows = [opened(link).plain() for _ in range(2)]
    clicks.store_spooled([rows[0], {**rows[1], "link_id": link.pk + 1000}])
    assert Click.objects.get().ticket == rows[0]["ticket"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_many_are_stored_in_few_commits(link, spool, monkeypatch):
    sizes = []

    def counted(rows):
        sizes.append(len(rows))
        store(rows)

    monkeypatch.setattr(clicks, "store", counted)
    running = Writer(lambda: spool)
    running.start()
    kept(running, [opened(link) for _ in range(300)])
    assert Click.objects.count() == sum(sizes) == 300
    assert len(sizes) < 100


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["refuses", "hangs", "commits late"])
def test_while_the_database_is_away_visitors_go_on_and_nothing_is_lost(
    link, spool, monkeypatch, how
):
    back = threading.Event()

    def bad(rows):
        if back.is_set():
            return put(rows)
        if how == "refuses":
            away(rows)
        back.wait(30)
        if how == "hangs":
            away(rows)
        return put(rows)

    monkeypatch.setattr(clicks, "_store", bad)
    running = Writer(lambda: spool)
    running.start()
    begun = time.monotonic()
    some = [opened(link) for _ in range(50)]
    kept(running, some[:25])
    kept(running, some[25:])
    assert time.monotonic() - begun < 8
    assert not Click.objects.exists()
    assert spool.state()[0] == 50
    back.set()
    until(lambda: Click.objects.count() == 50 and spool.state()[0] == 0, 20)
    until(lambda: not running.is_down, 20)
    kept(running, [opened(link)])
    assert Click.objects.count() == 51


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_without_database_and_disk_visitors_go_on_all_the_same(link, monkeypatch, tmp_path):
    class Broken(Spool):
        def append(self, rows):
            raise sqlite3.OperationalError("disk full")

    monkeypatch.setattr(clicks, "store", away)
    running = Writer(lambda: Broken(tmp_path / "x"))
    running.start()
    before = writer.LOST._value.get()
    kept(running, [opened(link)])
    assert writer.LOST._value.get() == before + 1


@pytest.mark.django_db(transaction=True)
def test_a_start_that_came_before_its_spooled_click_gets_its_campaign(
    project, link, spool, monkeypatch
):
    told = []
    monkeypatch.setattr("redirects.ports.click_came", told.extend)
    click = opened(link)
    spool.append([click.plain()])
    session = Link().public_id
    start = clicks.Start(click.ticket, 1001, session)
    assert clicks.redeem(project=project, starts=[start]) == {}
    Writer(lambda: spool)._drain()
    assert [(one, origin.link) for one, origin in told] == [(session, link)]
    assert Click.objects.get().person == 1001
    assert not EarlyStart.objects.exists()
    assert spool.first(9) == []
