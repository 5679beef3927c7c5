"""Group commit and spool: no click is lost or doubled, whatever the database does."""

import asyncio
import sqlite3
from dataclasses import asdict

import psycopg
import pytest
from django.db import OperationalError

from core import clock
from core.aio import in_db
from redirects import writer
from redirects.actions import clicks
from redirects.capture import Visit
from redirects.models import Click, EarlyStart, Link
from redirects.spool import Spool
from redirects.writer import Writer
from tests.support.waiting import until


@pytest.fixture
def spool(tmp_path):
    return Spool(tmp_path / "clicks.sqlite3")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(writer, "RETRY_SECONDS", 0.1)


def opened(link, **fields):
    fields.setdefault("ip", "203.0.113.7")
    return clicks.NewClick(link_id=link.pk, at=clock.now(), visit=Visit(**fields), state="active")


@pytest.fixture
async def running(spool):
    """Nothing drains its spool."""
    running = Writer(lambda: spool)
    yield running
    await running.line.close()


async def kept(running, some):
    async with asyncio.timeout(30):
        await asyncio.gather(*(running.keep(click) for click in some))


def stored():
    return Click.objects.count()


def start_early(project, click):
    """The public id of the session that waits for the click."""
    session = Link().public_id
    start = clicks.Start(click.ticket, 1001, session)
    assert clicks.redeem(project=project, starts=[start]) == {}
    return session


@pytest.fixture
def told(monkeypatch):
    """Sessions with their origins, as they were told of clicks that came."""
    told = []
    monkeypatch.setattr("redirects.ports.click_came", told.extend)
    return told


async def refuse(line, new):
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


@pytest.mark.django_db(transaction=True)
async def test_many_are_stored_in_few_commits(link, running):
    store, sizes = running.store, []

    async def counted(line, new):
        sizes.append(len(new))
        await store(line, new)

    running.store = counted
    await kept(running, [opened(link) for _ in range(600)])
    assert await in_db(stored) == 600
    assert sizes == [500, 100]


@pytest.mark.django_db(transaction=True)
async def test_a_visitor_who_goes_while_he_waits_holds_up_no_other(link, running):
    gone = running.keep(opened(link))
    stays = running.keep(opened(link))
    gone.cancel()
    async with asyncio.timeout(30):
        await stays
        await running.keep(opened(link))
    assert await in_db(stored) == 3


async def test_nobody_is_taken_while_too_many_wait(monkeypatch, tmp_path):
    monkeypatch.setattr(writer, "LONGEST", 2)
    running = Writer(lambda: Spool(tmp_path / "x"))
    for _ in range(2):
        running.keep(opened(Link(pk=1)))
    with pytest.raises(writer.Full):
        running.keep(opened(Link(pk=1)))
    running._committing.cancel()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["refuses", "hangs", "commits late"])
async def test_while_the_database_is_away_visitors_go_on_and_nothing_is_lost(
    link, running, spool, monkeypatch, how
):
    store, put, back = running.store, clicks._store, asyncio.Event()

    async def bad(line, new):
        if not back.is_set() and how != "refuses":
            await back.wait()
            if how == "hangs":
                await refuse(line, new)
        if not back.is_set():
            await refuse(line, new)
        await store(line, new)

    def bad_for_the_drainer(rows):
        if not back.is_set():
            raise OperationalError("the database is away")
        put(rows)

    running.store = bad
    monkeypatch.setattr(clicks, "_store", bad_for_the_drainer)
    running.start()
    some = [opened(link) for _ in range(50)]
    await kept(running, some[:25])
    await kept(running, some[25:])
    assert await in_db(stored) == 0
    assert spool.state()[0] == 50
    back.set()
    await in_db(until, lambda: stored() == 50 and spool.state()[0] == 0, 20)
    await in_db(until, lambda: not running.is_down, 20)
    await kept(running, [opened(link)])
    assert await in_db(stored) == 51
    assert spool.state()[0] == 0


@pytest.mark.postgres
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
async def test_what_a_lock_holds_up_is_one_click_though_it_is_kept_twice(
    link, running, spool, database_url, monkeypatch
):
    monkeypatch.setattr(writer, "PATIENCE_SECONDS", 0.2)  # long before the lock's time-out, 3 s
    click = opened(link)
    with psycopg.connect(database_url) as other:
        other.execute("LOCK TABLE redirects_click IN ACCESS EXCLUSIVE MODE")
        await kept(running, [click])
        assert spool.state()[0] == 1
    await asyncio.gather(*running._given_up)
    assert await in_db(stored) == 1
    assert not await in_db(running._drain)
    assert (await in_db(stored), spool.state()[0], running.is_down) == (1, 0, False)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
async def test_a_click_that_the_database_refuses_holds_up_no_other(link, running, spool):
    good, bad = opened(link), opened(link, referrer="\x00")
    await kept(running, [good, bad])
    assert spool.state()[0] == 2
    await in_db(running._drain)
    assert await in_db(stored) == 1
    assert spool.state()[::2] == (0, 1)


@pytest.mark.django_db(transaction=True)
async def test_a_start_that_came_before_its_click_gets_its_campaign(project, link, running, told):
    click = opened(link)
    session = await in_db(start_early, project, click)
    await kept(running, [click])
    assert [(one, origin.link) for one, origin in told] == [(session, link)]


async def test_without_database_and_disk_visitors_go_on_all_the_same(tmp_path):
    class Broken(Spool):
        def append(self, rows):
            raise sqlite3.OperationalError("disk full")

    running = Writer(lambda: Broken(tmp_path / "x"), refuse)
    before = writer.LOST._value.get()
    await kept(running, [opened(Link(pk=1))])
    assert writer.LOST._value.get() == before + 1


@pytest.mark.django_db(transaction=True)
def test_a_start_that_came_before_its_spooled_click_gets_its_campaign(project, link, spool, told):
    click = opened(link)
    spool.append([click.plain()])
    session = start_early(project, click)
    Writer(lambda: spool)._drain()
    assert [(one, origin.link) for one, origin in told] == [(session, link)]
    assert Click.objects.get().person == 1001
    assert not EarlyStart.objects.exists()
    assert spool.first(9) == []
