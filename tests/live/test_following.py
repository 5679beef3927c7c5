"""A page that follows streams ends with everything, in order."""

import uuid

import pytest
from django.db import OperationalError

from core.aio import in_db
from live import queries
from live.sockets import FeedSocket, readers
from tests.live import rights
from tests.live.pages import opened, tell

pytestmark = pytest.mark.django_db(transaction=True)


async def test_it_greets_with_connection_build_and_time(alice, stream):
    class Built(FeedSocket):
        build = "2026.11"

    async with opened(alice, socket=Built) as page:
        await page.follow(stream)
        ready = await page.frame("ready")
        assert set(ready) == {"type", "connection", "build", "now"}
        assert ready["build"] == "2026.11"
        assert uuid.UUID(ready["connection"])
        assert ready["now"].endswith("Z")
        assert page.frames[0] == ready


async def test_it_sends_what_was_missed_and_then_what_happens(alice, stream, hints_alone):
    await tell(stream, "a", "b", "c")
    async with opened(alice) as page:
        await page.follow(stream, 1)
        await page.until_text("c")
        await tell(stream, "d")
        await page.until_text("d")
        assert page.texts() == ["b", "c", "d"]
        assert page.numbers() == [2, 3, 4]
        assert page.upto() == 4


async def test_it_gives_the_envelope_of_the_protocol(alice, stream):
    await tell(stream, "a")
    async with opened(alice) as page:
        await page.follow(stream)
        frame = await page.frame("events")
        (event,) = await in_db(queries.events_after, stream, 0, 10)
        assert frame == {
            "type": "events",
            "stream": str(stream),
            "items": [
                {
                    "n": 1,
                    "kind": "message.changed",
                    "at": event.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                    "data": {"id": "a", "was": "unassigned"},
                }
            ],
            "upto": 1,
        }


async def test_it_follows_several_streams_added_one_by_one(alice, stream, hints_alone):
    other = uuid.uuid4()
    rights.give(alice, other, "everyone")
    async with opened(alice) as page:
        await page.follow(stream)
        await page.frame("ready")
        await page.follow(other)
        await tell(stream, "one")
        await tell(other, "other")
        await page.until(lambda: page.texts(stream) and page.texts(other))
        assert (page.texts(stream), page.texts(other)) == (["one"], ["other"])
        assert [frame["type"] for frame in page.frames].count("ready") == 1


async def test_it_gives_everything_over_any_number_of_cuts(alice, stream, quick):
    """500 events while the socket is cut again and again: the same as one long look."""
    whole = [str(number) for number in range(500)]
    seen, upto = [], 0
    for start in range(0, 500, 50):
        async with opened(alice) as page:
            await page.follow(stream, upto)
            await tell(stream, *whole[start : start + 25])
            if upto:
                await page.frame("events")
            await tell(stream, *whole[start + 25 : start + 50])
            seen += page.texts()
            upto = max(upto, page.upto())
    async with opened(alice) as page:
        await page.follow(stream, upto)
        await page.until_text("499")
        seen += page.texts()
    assert seen == whole


async def test_it_goes_on_after_a_hello_from_an_earlier_number(alice, stream, hints_alone):
    await tell(stream, "a", "b", "c")
    async with opened(alice) as page:
        await page.follow(stream, 0)
        await page.until_text("c")
        await page.follow(stream, 1)
        await page.until(lambda: len(page.items()) == 5)
        await tell(stream, "d")
        await page.until_text("d")
        assert page.numbers() == [1, 2, 3, 2, 3, 4]


async def test_it_is_right_within_a_poll_without_hints(alice, stream, settings):
    settings.KICKS = []
    settings.PULSE_SECONDS = 0.2
    async with opened(alice) as page:
        await page.follow(stream)
        await page.frame("pulse")
        await tell(stream, "a", "b")
        await page.until_text("b")
        assert page.texts() == ["a", "b"]


async def test_its_pulse_tells_the_heads_and_the_time(alice, stream, quick):
    await tell(stream, "a", "b")
    async with opened(alice) as page:
        await page.follow(stream)
        pulse = await page.frame("pulse", heads={str(stream): 2})
        assert set(pulse) == {"type", "heads", "now"}
        assert page.upto() == 2  # nothing the pulse names was still to come


async def test_it_tells_numbers_one_may_not_see_before_the_pulse(alice, stream, quick):
    await tell(stream, "hidden", "hidden too", audience=["managers"])
    async with opened(alice) as page:
        await page.follow(stream)
        await page.frame("pulse", heads={str(stream): 2})
        assert page.items() == []
        assert page.upto() == 2


async def test_it_has_a_page_1000_events_behind_catch_up(alice, stream, hints_alone):
    whole = [str(number) for number in range(1300)]
    await tell(stream, *whole)
    async with opened(alice) as page:
        await page.follow(stream, 100)
        await page.until_text("1299")
        assert page.texts() == whole[100:]
        await tell(stream, "next")
        await page.until_text("next")


def unreachable(*args):
    raise OperationalError("the database is away")


async def test_it_goes_on_when_rows_could_not_be_read_for_a_while(
    alice, stream, quick, monkeypatch
):
    monkeypatch.setattr(readers, "REST_SECONDS", 0.1)
    async with opened(alice) as page:
        await page.follow(stream)
        await tell(stream, "begin")
        await page.until_text("begin")
        with monkeypatch.context() as patch:
            patch.setattr(queries, "events_after", unreachable)
            await tell(stream, "a")
            before = len(page.frames)
            await page.until(lambda: len(page.frames) > before + 2)  # pulses
        await page.until_text("a")
        assert page.texts() == ["begin", "a"]


async def test_it_has_a_page_come_back_when_it_could_not_look_back(
    alice, bob, stream, quick, monkeypatch
):
    await tell(stream, "a", "b")
    async with opened(alice) as page, opened(bob) as other:
        await page.follow(stream, 2)
        await page.frame("pulse", heads={str(stream): 2})
        monkeypatch.setattr(queries, "events_after", unreachable)
        await other.follow(stream)
        assert await other.bye() == ("resume", 4408)
