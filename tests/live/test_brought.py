"""Events that come along with a hint: taken when they are the next, read from the rows otherwise."""

import asyncio
import uuid
from datetime import UTC, datetime

import pytest

from core import kick
from live import queries
from live.events import CARRIED_EVENTS, CARRIED_LETTERS, brought, carried
from live.models import Event
from live.sockets.readers import MEANWHILE_HINTS, Reader
from tests.live.pages import opened, tell

STREAM = uuid.uuid4()
AT = datetime(2026, 11, 22, 14, 32, 5, 120_999, tzinfo=UTC)


def event(number, kind="message.changed", **fields):
    rest = {"audience": ["everyone"], "before": None, "payload": {"id": str(number)}, "at": AT}
    return Event(stream=STREAM, number=number, kind=kind, **rest | fields)


class Rows:
    """The stream's rows, and how often they were read and rights on it judged."""

    def __init__(self, *events):
        self.events = list(events)
        self.reads = self.rechecks = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def in_db(self, function, *args):
        self.reads += 1
        answer = function(*args)
        await self.may_answer.wait()
        return answer

    async def recheck(self, stream):
        self.rechecks += 1

    def head(self, stream):
        return max((row.number for row in self.events), default=0)

    def after(self, stream, number, limit):
        return [row for row in self.events if row.number > number][:limit]


@pytest.fixture
def rows(monkeypatch):
    rows = Rows(event(1))
    monkeypatch.setattr("live.sockets.readers.in_db", rows.in_db)
    monkeypatch.setattr(queries, "head", rows.head)
    monkeypatch.setattr(queries, "events_after", rows.after)
    return rows


@pytest.fixture
async def reader(rows):
    """Has read the stream up to event 1."""
    reader = Reader(STREAM, rows.recheck)
    running = asyncio.create_task(reader.run())
    await settle()
    assert (reader.high, rows.rechecks) == (1, 1)
    rows.reads = rows.rechecks = 0
    yield reader
    running.cancel()


async def settle():
    for _ in range(20):
        await asyncio.sleep(0)


async def numbers(reader):
    return [item.number for item in await reader.after(reader.low, 100)]


async def test_the_next_events_are_taken_without_a_read(reader, rows):
    reader.offer([event(2), event(3)])
    reader.offer([event(4)])
    await settle()
    assert await numbers(reader) == [2, 3, 4]
    assert rows.reads == 0


async def test_what_is_here_already_is_left(reader, rows):
    reader.offer([event(1)])
    reader.offer([event(1), event(2)])
    await settle()
    assert await numbers(reader) == [2]
    assert rows.reads == 0


@pytest.mark.parametrize("offered", [[], [3]])
async def test_others_are_read_from_the_rows(reader, rows, offered):
    rows.events += [event(2), event(3)]
    reader.offer([event(number) for number in offered])
    await settle()
    assert await numbers(reader) == [2, 3]
    assert rows.reads == 1


async def test_what_comes_during_a_read_is_taken_once_and_without_another(reader, rows):
    rows.events += [event(2)]
    rows.may_answer.clear()
    reader.wake()
    await settle()
    rows.events += [event(3)]
    reader.offer([event(2)])
    reader.offer([event(3)])
    rows.may_answer.set()
    await settle()
    assert await numbers(reader) == [2, 3]
    assert rows.reads == 1


async def test_too_much_for_a_hint_during_a_read_is_read_after_it(reader, rows):
    rows.may_answer.clear()
    reader.wake()
    await settle()
    rows.events += [event(2)]
    reader.offer([])
    rows.may_answer.set()
    await settle()
    assert await numbers(reader) == [2]


async def test_hints_past_those_kept_during_a_read_are_missed_and_read(reader, rows):
    rows.may_answer.clear()
    reader.wake()
    await settle()
    news = [event(number) for number in range(2, MEANWHILE_HINTS + 3)]
    for new in news:
        reader.offer([new])
    rows.events += news
    rows.may_answer.set()
    await settle()
    assert reader.high == news[-1].number


@pytest.mark.parametrize("kind", ["access.changed", "project.changed"])
async def test_rights_are_judged_before_anybody_gets_what_may_have_changed_them(reader, rows, kind):
    rows.events += [event(2, kind)]
    reader.offer([event(2, kind)])
    assert await numbers(reader) == []
    await settle()
    assert await numbers(reader) == [2]
    assert rows.rechecks == 1


def test_an_event_comes_as_it_went():
    row = event(7, before=["pool"], payload={"id": "s", "text": "Привет 😀", "n": None})
    [came] = brought(STREAM, carried([row]))
    for name in ("stream", "number", "kind", "audience", "before", "payload", "at"):
        assert getattr(came, name) == getattr(row, name)


def test_many_or_long_events_stay_behind():
    many = [event(number) for number in range(CARRIED_EVENTS + 1)]
    assert carried(many) == "" != carried(many[1:])
    assert carried([event(1, payload={"text": "x" * CARRIED_LETTERS})]) == ""
    assert brought(STREAM, "") == []


@pytest.mark.django_db(transaction=True)
async def test_a_page_gets_them_without_a_read(alice, stream, hints_alone, monkeypatch):
    """A reader begins with two reads, and for who comes as the first text does it looks back."""
    read, reads = queries.events_after, []

    def counted(of, *args):
        if of == stream:
            reads.append(args)
        return read(of, *args)

    monkeypatch.setattr(queries, "events_after", counted)
    texts = ["a", "b", "c", "d", "e"]
    async with opened(alice) as page:
        await page.follow(stream)
        for text in texts:
            await tell(stream, text)
            await page.until_text(text)
    assert len(reads) <= 3
    assert page.texts(stream) == texts


@pytest.mark.django_db(transaction=True)
async def test_a_hint_that_is_lost_is_made_good_by_the_next(
    alice, stream, hints_alone, monkeypatch
):
    async with opened(alice) as page:
        await page.follow(stream)
        await tell(stream, "a")
        await page.until_text("a")
        with monkeypatch.context() as silence:
            silence.setattr(kick, "hint", lambda *args, **message: None)
            await tell(stream, "b")
        await tell(stream, "c")
        await page.until_text("c")
    assert page.texts(stream) == ["a", "b", "c"]
