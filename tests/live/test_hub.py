"""What it costs to serve many pages: rows are read and encoded once per stream, not per page."""

from collections import Counter
from contextlib import AsyncExitStack

import pytest

from core.aio import in_db
from live import queries
from live.events import item
from live.sockets.hub import Hub
from tests.factories import make_user
from tests.live import rights
from tests.live.pages import cookie, opened, tell

pytestmark = pytest.mark.django_db(transaction=True)

PAGES = 20


@pytest.fixture
def counts(monkeypatch):
    """How often rows of the feed were read and encoded."""
    calls: Counter[str] = Counter()

    def counting(name, function):
        def counted(*args):
            calls[name] += 1
            return function(*args)

        return counted

    monkeypatch.setattr(queries, "events_after", counting("read", queries.events_after))
    monkeypatch.setattr("live.sockets.readers.item", counting("encoded", item))
    return calls


async def test_it_reads_and_encodes_an_event_once_for_all_pages(alice, stream, hints_alone, counts):
    key = await in_db(cookie, alice)
    async with AsyncExitStack() as stack:
        pages = [await stack.enter_async_context(opened(alice, key=key)) for _ in range(PAGES)]
        for page in pages:
            await page.follow(stream)
        await tell(stream, "a")
        for page in pages:
            await page.until_text("a")
        counts.clear()
        await tell(stream, "b", "c")
        for page in pages:
            await page.until_text("c")
        assert counts["encoded"] == 2
        assert counts["read"] < PAGES  # a late hint may make it look once more


async def test_it_reads_once_for_all_that_come_back_together(alice, stream, hints_alone, counts):
    await tell(stream, *map(str, range(300)))
    key = await in_db(cookie, alice)
    async with AsyncExitStack() as stack:
        pages = [await stack.enter_async_context(opened(alice, key=key)) for _ in range(PAGES)]
        for page in pages:
            await page.follow(stream)
        for page in pages:
            await page.until_text("299")
        assert counts["encoded"] == 300


def test_it_looks_up_all_heads_and_sign_ins_with_three_queries(django_assert_num_queries):
    users = [make_user(f"Agent {number}") for number in range(10)]
    sign_ins = [
        queries.SignIn(cookie(user), user.pk, user.get_session_auth_hash()) for user in users
    ]
    with django_assert_num_queries(3):  # feeds, sessions, users
        queries.heads([user.public_id for user in users])
        assert queries.ended(sign_ins) == set()


async def test_it_lets_go_of_streams_that_nobody_follows(alice, stream, quick):
    """Of hers and the stream she is thrown out of, her own is left."""
    ours = Hub()
    async with opened(alice, hub=ours) as page:
        await page.follow(stream)
        await tell(stream, "a")
        await page.until_text("a")
        assert set(ours.readers) == {stream, alice.public_id}
        rights.take(alice, stream)
        await tell(stream, "b", kind="project.changed")
        await page.frame("refused")
        await page.until(lambda: set(ours.readers) == {alice.public_id})
    assert ours.readers == {}
    assert ours.connections == set()
    async with opened(alice, hub=ours) as page:
        rights.give(alice, stream, "everyone")
        await page.follow(stream, 1)
        await page.until_text("b")
