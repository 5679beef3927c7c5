"""The feed over real sockets: Daphne processes, a real client, the database and Redis between."""

import pytest

from core.aio import in_db
from tests.live.pages import cookie, tell
from tests.live.processes import browsing, on_redis, resident_mib, silent, web

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


async def test_it_hints_all_web_processes(
    alice, stream, settings, redis_url, database_url, tmp_path
):
    on_redis(settings, redis_url, "tgstaff")
    environment = {"REDIS_URL": redis_url, "PULSE_SECONDS": "3600"}
    key = await in_db(cookie, alice)
    with (
        web(tmp_path, database_url, **environment) as (_, one),
        web(tmp_path, database_url, **environment) as (_, other),
    ):
        async with browsing(one, key) as page, browsing(other, key) as second:
            for text in map(str, range(10)):
                await tell(stream, text)
                if text == "0":
                    await page.follow(stream)
                    await second.follow(stream)
                await page.until_text(text)
                await second.until_text(text)


async def test_it_ends_equal_when_processes_are_killed(alice, stream, database_url, tmp_path):
    """No hints between processes; a page goes from one that is killed to another."""
    whole = [str(number) for number in range(300)]
    key = await in_db(cookie, alice)
    seen, upto = [], 0
    for start in range(0, 300, 100):
        with web(tmp_path, database_url, PULSE_SECONDS="0.1") as (process, port):
            async with browsing(port, key) as page:
                await page.follow(stream, upto)
                await tell(stream, *whole[start : start + 50])
                await page.until_text(whole[start])
                process.kill()
                await tell(stream, *whole[start + 50 : start + 100])
                while page.closed is None:
                    await page._read()
            seen += page.texts()
            upto = max(upto, page.upto())
    with web(tmp_path, database_url) as (_, port):
        async with browsing(port, key) as page:
            await page.follow(stream, upto)
            await page.until_text("299")
            seen += page.texts()
    assert seen == whole


async def test_it_sends_strangers_away(database_url, tmp_path):
    with web(tmp_path, database_url) as (_, port):
        async with browsing(port, "nonsense") as page:
            assert await page.bye() == ("signed_out", 4401)


async def test_it_keeps_its_size_while_browsers_do_not_read(alice, stream, database_url, tmp_path):
    """Three that stopped reading, 20 MB of events each: more than 60 MB if they were sent."""
    key = await in_db(cookie, alice)
    texts = [f"{number:05}" + "x" * 20_000 for number in range(1100)]
    with web(tmp_path, database_url, PULSE_SECONDS="0.1") as (process, port):
        async with browsing(port, key) as live:
            await live.follow(stream)
            await tell(stream, *texts[:100])
            await live.until_text(texts[99])
            before = resident_mib(process)
            dead = [await silent(port, key) for _ in range(3)]
            for browser in dead:
                await browser.follow(stream)
            for start in range(100, 1100, 50):
                await tell(stream, *texts[start : start + 50])
                await live.until_text(texts[start + 49])
            assert live.texts() == texts
            assert resident_mib(process) - before < 30
            for browser in dead:
                browser.communicator.transport.abort()
                await browser.communicator.wait_closed()
