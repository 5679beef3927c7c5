"""A page that does not acknowledge is sent no more, asked to come back, and delays nobody."""

import uuid

import pytest

from live.sockets import connections, window
from live.sockets.window import Window
from tests.live.pages import opened, tell

STREAM, OTHER = uuid.uuid4(), uuid.uuid4()


def test_it_counts_what_is_on_its_way():
    sent = Window()
    for number in range(1, window.MAX_EVENTS):
        sent.add(STREAM, number, 10)
    assert (sent.room, sent.is_full) == (1, False)
    sent.add(OTHER, 7, 10)
    assert (sent.room, sent.is_full) == (0, True)
    sent.acknowledge(STREAM, 100)
    assert (sent.room, sent.is_full, sent.full_for()) == (100, False, 0.0)


def test_it_counts_bytes():
    sent = Window()
    sent.add(STREAM, 1, window.MAX_BYTES - 1)
    assert not sent.is_full
    sent.add(STREAM, 2, 1)
    assert (sent.room, sent.is_full) == (0, True)
    sent.acknowledge(STREAM, 1)
    assert sent.room == window.MAX_EVENTS - 1


def test_it_ignores_what_it_does_not_know():
    sent = Window()
    sent.add(STREAM, 3, 1)
    sent.acknowledge(OTHER, 9)
    sent.acknowledge(STREAM, 2)
    assert sent.room == window.MAX_EVENTS - 1
    sent.acknowledge(STREAM, 10**12)
    assert sent.room == window.MAX_EVENTS


def test_it_forgets_a_stream():
    sent = Window()
    sent.add(STREAM, 3, 1)
    sent.add(OTHER, 3, 1)
    sent.forget(STREAM)
    sent.forget(uuid.uuid4())
    assert sent.room == window.MAX_EVENTS - 1


@pytest.mark.django_db(transaction=True)
async def test_it_stops_at_500_events_and_goes_on_after_an_ack(alice, stream, quick):
    whole = [str(number) for number in range(700)]
    await tell(stream, *whole)
    async with opened(alice, acknowledges=False) as page:
        await page.follow(stream)
        await page.frame("pulse", heads={str(stream): 500})
        assert page.texts() == whole[:500]
        await page.say("ack", heads={str(stream): 300})
        await page.until_text("699")
        assert page.texts() == whole


@pytest.mark.django_db(transaction=True)
async def test_it_stops_at_a_mebibyte(alice, stream, quick):
    large = ["x" * 200_000 + str(number) for number in range(10)]
    await tell(stream, *large)
    async with opened(alice, acknowledges=False) as page:
        await page.follow(stream)
        await page.frame("pulse", heads={str(stream): 6})
        assert page.texts() == large[:6]
        await page.say("ack", heads={str(stream): 6})
        await page.until_text(large[-1])


@pytest.mark.django_db(transaction=True)
async def test_it_sends_away_a_page_that_does_not_take_it_up(alice, stream, quick, monkeypatch):
    monkeypatch.setattr(connections, "PATIENCE_SECONDS", 0.3)
    await tell(stream, *map(str, range(600)))
    async with opened(alice, acknowledges=False) as page:
        await page.follow(stream)
        assert await page.bye() == ("resume", 4408)
        assert len(page.items()) == 500
    async with opened(alice) as page:
        await page.follow(stream, 500)
        await page.until_text("599")
        assert len(page.items()) == 100


@pytest.mark.django_db(transaction=True)
async def test_it_serves_others_while_pages_are_dead(alice, bob, stream, hints_alone):
    """Dead ones do not even read; nothing waits for them in memory but their window."""
    whole = [str(number) for number in range(1500)]
    async with (
        opened(alice, acknowledges=False) as dead,
        opened(alice, acknowledges=False) as dead_too,
        opened(bob) as live,
    ):
        for page in (dead, dead_too, live):
            await page.follow(stream)
        for start in range(0, 1500, 100):
            await tell(stream, *whole[start : start + 100])
            await live.until_text(whole[start + 99])
        assert live.texts() == whole
        assert dead.communicator.output_queue.qsize() < 520
        await dead.until_text("499")
        await dead.say("ack", heads={str(stream): 500})
        await dead.until_text("999")
        assert dead.texts() == whole[:1000]
