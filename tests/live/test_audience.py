"""Who sees what: tags meet, rows leave sight, and rights that change are followed at once."""

import asyncio

import pytest

from core import tx
from core.aio import in_db
from live import queries
from live.actions import record
from live.sockets import hub
from tests.live import rights
from tests.live.pages import opened, tell, write

pytestmark = pytest.mark.django_db(transaction=True)

AGENT = "agent:a"
MANAGER = ("everyone", "managers")
UNASSIGNED = ("managers", "pool")
MINE = ("managers", "others", AGENT)
COLLEAGUES = ("managers", "others", "agent:b")

MATRIX = [
    # viewer's tags, audience, audience before, what arrives
    (MANAGER, UNASSIGNED, None, "session.changed"),
    (MANAGER, COLLEAGUES, UNASSIGNED, "session.changed"),
    (("everyone", AGENT, "pool"), UNASSIGNED, None, "session.changed"),
    (("everyone", AGENT, "pool"), MINE, UNASSIGNED, "session.changed"),
    (("everyone", AGENT, "pool"), COLLEAGUES, UNASSIGNED, "session.gone"),
    (("everyone", AGENT, "pool"), COLLEAGUES, MINE, "session.gone"),
    (("everyone", AGENT, "pool"), COLLEAGUES, COLLEAGUES, None),
    (("everyone", AGENT, "pool", "others"), COLLEAGUES, UNASSIGNED, "session.changed"),
    (("everyone", AGENT), UNASSIGNED, None, None),
    (("everyone", AGENT), UNASSIGNED, MINE, "session.gone"),
    (("everyone", AGENT), MINE, UNASSIGNED, "session.changed"),
    (("everyone",), ("agent:everyone",), None, None),
]


@pytest.mark.parametrize(("tags", "audience", "before", "kind"), MATRIX)
async def test_it_shows_an_event_where_tags_meet(alice, stream, tags, audience, before, kind):
    rights.give(alice, stream, *tags)
    async with opened(alice) as page:
        await page.follow(stream)
        await page.frame("ready")
        await tell(stream, "row", kind="session.changed", audience=audience, before=before)
        await tell(stream, "end")
        await page.until_text("end")
        assert [item["kind"] for item in page.items()] == [
            *([kind] if kind else []),
            "message.changed",
        ]
        assert page.upto() == 2


async def test_it_tells_nothing_but_the_id_of_a_row_that_is_gone(alice, stream):
    rights.give(alice, stream, "pool")
    await tell(stream, "row", kind="session.changed", audience=["agent:b"], before=["pool"])
    async with opened(alice) as page:
        await page.follow(stream)
        await page.frame("events")
        assert page.items()[0]["data"] == {"id": "row", "was": "unassigned"}


async def test_it_refuses_a_stream_one_may_not_see(alice, bob, stream):
    rights.take(alice, stream)
    await tell(stream, "secret")
    async with opened(alice) as page, opened(bob) as other:
        await page.follow(stream)
        await page.frame("refused", code="no_access", stream=str(stream))
        await other.follow(stream)
        await tell(stream, "more")
        await other.until_text("more")
        await page.follow(alice.public_id)
        await tell(alice.public_id, "mine")
        await page.until_text("mine")
        assert page.items(stream) == []


async def test_it_refuses_the_stream_of_another_person(alice, bob):
    async with opened(alice) as page:
        await page.follow(bob.public_id)
        await page.frame("refused", code="no_access", stream=str(bob.public_id))


def change_rights(user, stream, tags, *, kind, where):
    """Rights change, an event says so, and something happens that the new rights forbid."""
    with tx.change():
        rights.give(user, stream, *tags) if tags else rights.take(user, stream)
        record(stream=where, kind=kind, payload={"id": "x"}, audience=["everyone"])
    write(stream, "forbidden")


@pytest.mark.parametrize("kind", ["access.changed", "project.changed"])
async def test_it_is_silent_at_once_when_rights_are_removed(alice, stream, hints_alone, kind):
    own = kind == "access.changed"
    async with opened(alice) as page:
        await page.follow(stream)
        await tell(stream, "allowed")
        await page.until_text("allowed")
        where = alice.public_id if own else stream
        await in_db(change_rights, alice, stream, [], kind=kind, where=where)
        await page.frame("refused", code="no_access", stream=str(stream))
        await page.follow(alice.public_id)
        await tell(alice.public_id, "end")
        await page.until_text("end")
        if not own:  # the event that told of it came before what it forbids, in the same stream
            assert page.texts(stream) == ["allowed"]
        assert page.frames[-1]["stream"] == str(alice.public_id)


async def test_it_resets_a_stream_when_tags_change(alice, stream, hints_alone):
    async with opened(alice) as page:
        await page.follow(stream)
        await page.frame("ready")
        await in_db(change_rights, alice, stream, ["pool"], kind="project.changed", where=stream)
        await page.frame("reset", stream=str(stream))
        await page.follow(stream, await in_db(queries.head, stream))
        await tell(stream, "seen by everyone")
        await tell(stream, "seen by the pool", audience=["pool"])
        await page.until_text("seen by the pool")
        assert page.texts(stream) == ["seen by the pool"]


async def test_it_keeps_a_stream_when_tags_stay(alice, stream, hints_alone):
    async with opened(alice) as page:
        await page.follow(stream)
        await tell(stream, "settings", kind="project.changed")
        await tell(alice.public_id, "rights", kind="access.changed")
        await tell(stream, "end")
        await page.until_text("end")
        assert page.texts(stream) == ["settings", "end"]
        assert {frame["type"] for frame in page.frames} == {"ready", "events"}


async def test_it_verifies_rights_though_nothing_tells_of_them(alice, stream, quick, monkeypatch):
    monkeypatch.setattr(hub, "RIGHTS_SECONDS", 0.05)
    async with opened(alice) as page:
        await page.follow(stream)
        await page.frame("pulse")
        rights.take(alice, stream)
        await page.frame("refused", code="no_access", stream=str(stream))


async def test_it_forgets_an_answer_older_than_a_newer_one(alice, bob, stream, monkeypatch):
    """Two questions about rights are on their way; the earlier one is answered last."""
    asked = []
    refused = asyncio.Event()

    async def slow_at_first(function, *args):
        answer = await in_db(function, *args)
        if function is hub._rights and (alice.pk, stream) in args[0]:
            asked.append(answer)
            if len(asked) == 1:
                rights.take(alice, stream)
                await tell(stream, "x", kind="project.changed")
                await refused.wait()
        return answer

    async with opened(alice) as page, opened(bob) as other:
        await other.follow(stream)
        await tell(stream, "begin")
        await other.until_text("begin")
        monkeypatch.setattr("live.sockets.hub.in_db", slow_at_first)
        await page.follow(stream)
        await page.frame("refused", code="no_access", stream=str(stream))
        refused.set()
        await tell(stream, "forbidden")
        await other.until_text("forbidden")
        await page.follow(alice.public_id)
        await tell(alice.public_id, "end")
        await page.until_text("end")
        assert len(asked) == 2
        assert page.items(stream) == []
