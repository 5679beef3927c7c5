"""How soon a page has what it missed, and what a browser that reads nothing costs the others."""

import time
from contextlib import AsyncExitStack

import pytest

from core.aio import in_db
from tests.live.pages import cookie, tell
from tests.live.processes import browsing, resident_mib, silent, web

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.long,
    pytest.mark.timeout(600),
]

LIVE = 20


@pytest.mark.parametrize(("missed", "seconds"), [(1000, 2), (10_000, 5)])
async def test_a_page_has_what_it_missed_in_time(
    alice, stream, database_url, tmp_path, record_property, missed, seconds
):
    key = await in_db(cookie, alice)
    with web(tmp_path, database_url) as (_, port):
        async with browsing(port, key) as page:
            await tell(stream, "before")
            await page.follow(stream)
            await page.until_text("before")
        for start in range(0, missed, 500):
            await tell(stream, *map(str, range(start, start + 500)))
        begun = time.monotonic()
        async with browsing(port, key) as page:
            await page.follow(stream, 1)
            await page.until(lambda: page.upto() == missed + 1)
        taken = time.monotonic() - begun
        record_property("caught up", f"with {missed} events in {taken:.2f} s of at most {seconds}")
        assert taken <= seconds
        assert page.numbers() == list(range(2, missed + 2))


async def test_nobody_notices_a_browser_that_reads_nothing(
    alice, stream, database_url, tmp_path, record_property
):
    """22 MB of events pass it by: 20 others have them all, and the server keeps its size."""
    key = await in_db(cookie, alice)
    texts = [f"{number:05}" + "x" * 20_000 for number in range(1200)]
    async with AsyncExitStack() as stack:
        process, port = stack.enter_context(web(tmp_path, database_url, PULSE_SECONDS="0.1"))
        pages = [await stack.enter_async_context(browsing(port, key)) for _ in range(LIVE)]
        for page in pages:
            await page.follow(stream)
        await _all_hear(pages, stream, texts[:100])
        before = resident_mib(process)
        dead = await silent(port, key)
        await dead.follow(stream)
        for start in range(100, 1200, 50):
            await _all_hear(pages, stream, texts[start : start + 50])
        grown = resident_mib(process) - before
        record_property("memory", f"+ {grown:.1f} MiB beside {LIVE} others who had everything")
        assert grown < 20
        dead.communicator.transport.abort()
        await dead.communicator.wait_closed()


async def _all_hear(pages, stream, texts):
    await tell(stream, *texts)
    for page in pages:
        await page.until_text(texts[-1])
        assert page.texts() == texts
        page.frames.clear()
