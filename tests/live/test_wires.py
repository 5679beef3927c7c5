"""Several web processes on one Redis, and what happens without it."""

import asyncio
import gc
import uuid

import pytest

from core import kick
from core.aio import in_db
from live.sockets.hints import Hints, group
from live.sockets.hub import Hub
from tests.live.pages import opened, tell
from tests.live.processes import on_redis
from tests.support import servers

pytestmark = [
    pytest.mark.django_db(transaction=True),
    # redis-py drops a connection now and then when a server went away under it
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]


@pytest.fixture(autouse=True)
def dropped_connections():
    """They are collected here, not in somebody else's test."""
    yield
    gc.collect()


async def test_it_hints_all_processes(alice, bob, stream, settings, redis_url, hints_alone):
    on_redis(settings, redis_url)
    async with opened(alice, hub=Hub()) as one, opened(bob, hub=Hub()) as other:
        for page in (one, other):
            await page.follow(stream)
        for text in map(str, range(20)):
            await tell(stream, text)
            for page in (one, other):
                await page.until_text(text)
        await one.say("typing", stream=str(stream), session=str(stream))
        await other.frame("typing", name="Alice")


async def test_it_serves_pages_while_redis_is_down(alice, stream, settings, quick):
    with servers.valkey() as valkey:
        on_redis(settings, valkey.url)
        async with opened(alice) as page:
            await page.follow(stream)
            await tell(stream, "before")
            await page.until_text("before")
            valkey.kill()
            await tell(stream, "while it is down")
            await page.until_text("while it is down")
            async with opened(alice) as newcomer:
                await newcomer.follow(stream)
                await newcomer.until_text("while it is down")
            valkey.start()
            await tell(stream, "after")
            await page.until_text("after")


async def test_it_hears_hints_again_when_redis_is_back(settings):
    one, other = uuid.uuid4(), uuid.uuid4()
    wanted = {one}
    heard: asyncio.Queue[str] = asyncio.Queue()
    hints = Hints(
        wanted=lambda: wanted,
        heard=lambda hint: heard.put_nowait(hint["stream"]),
        joined=lambda stream: None,
    )

    async def hear(stream):
        """Hint until one is heard: those on the way while the wire is down are lost."""
        while True:
            await in_db(kick.hint, group(stream), type="feed.grown", stream=str(stream))
            try:
                async with asyncio.timeout(0.1):
                    while await heard.get() != str(stream):
                        pass
                return
            except TimeoutError:
                continue

    with servers.valkey() as valkey:
        on_redis(settings, valkey.url)
        valkey.kill()
        listening = asyncio.create_task(hints.run())
        await asyncio.sleep(0)
        valkey.start()
        async with asyncio.timeout(30):
            await hear(one)
            valkey.restart()
            await hear(one)
            wanted.add(other)
            hints.update()
            await hear(other)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
