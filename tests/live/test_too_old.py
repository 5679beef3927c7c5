"""A number that is none to go on from gets a reset: the page fetches a snapshot."""

import pytest
from django.db import transaction

from core.aio import in_db
from live.models import Event, Feed
from live.sockets import hub, readers
from tests.live.pages import opened, tell, write

pytestmark = pytest.mark.django_db(transaction=True)


def purge_to(stream, number):
    Feed.objects.filter(pk=stream).update(floor=number)
    Event.objects.filter(stream=stream, number__lte=number).delete()


async def test_it_resets_a_page_from_before_the_purge(alice, stream):
    await tell(stream, *"abcde")
    await in_db(purge_to, stream, 3)
    async with opened(alice) as page:
        await page.follow(stream, 2)
        await page.frame("reset", stream=str(stream))
        await page.follow(stream, 3)
        await page.until_text("e")
        assert page.texts() == ["d", "e"]


async def test_it_resets_a_page_when_everything_was_purged(alice, stream):
    await tell(stream, *"abc")
    await in_db(purge_to, stream, 3)
    async with opened(alice) as page:
        await page.follow(stream, 1)
        await page.frame("reset", stream=str(stream))
        await page.follow(stream, 3)
        await tell(stream, "d")
        await page.until_text("d")


async def test_it_resets_a_page_far_behind(alice, stream, monkeypatch):
    monkeypatch.setattr(hub, "RESUME_EVENTS", 10)
    await tell(stream, *map(str, range(20)))
    async with opened(alice) as page:
        await page.follow(stream, 9)
        await page.frame("reset", stream=str(stream))
        await page.follow(stream, 10)
        await page.until_text("19")
        assert len(page.items()) == 10


async def test_it_resets_a_page_that_is_ahead_of_the_database(alice, stream):
    """A backup was restored, or somebody made the number up."""
    await tell(stream, "a")
    async with opened(alice) as page:
        await page.follow(stream, 2)
        await page.frame("reset", stream=str(stream))


async def test_it_resets_a_slow_page_when_what_it_needs_is_purged(
    alice, stream, quick, monkeypatch
):
    monkeypatch.setattr(readers, "MEMORY_EVENTS", 50)
    async with opened(alice, acknowledges=False) as page:
        await page.follow(stream)
        await page.frame("ready")
        for start in range(0, 800, 100):
            await tell(stream, *map(str, range(start, start + 100)))
        await page.frame("pulse", heads={str(stream): 500})
        await in_db(purge_to, stream, 600)
        await page.say("ack", heads={str(stream): 500})
        await page.frame("reset", stream=str(stream))
        assert page.upto() == 500


def write_and_purge(stream, count, floor):
    """Nobody saw these events before the first of them were purged."""
    with transaction.atomic():
        write(stream, *map(str, range(count)))
        purge_to(stream, floor)


async def test_it_resets_a_page_when_events_were_purged_before_they_were_read(
    alice, bob, stream, quick
):
    await tell(stream, "a")
    async with opened(alice) as page, opened(bob) as newcomer:
        await page.follow(stream)
        await page.until_text("a")
        await in_db(write_and_purge, stream, 10, 6)
        await page.frame("reset", stream=str(stream))
        assert page.texts() == ["a"]
        await newcomer.follow(stream, 6)
        await newcomer.until_text("9")
        assert newcomer.numbers() == [7, 8, 9, 10, 11]
