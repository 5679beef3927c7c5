"""What a page may say: other shapes are refused and end nothing; again and again, they end it."""

import json
import uuid
from typing import Any

import pytest

from live.sockets import FeedSocket, feed
from tests.live import rights
from tests.live.pages import opened, tell

pytestmark = pytest.mark.django_db(transaction=True)

S = str(uuid.uuid4())
STATE = {"visible": True, "focused": False, "notify": "granted", "sound": True, "push": False}


def hello(number):
    return {"type": "hello", "build": "b", "resume": {S: number}}


WRONG_TEXT = ["", "hello", "[]", "1", "null", "{}", "[" * 5000, '{"type": "hello", "build": "b",']
WRONG_COMMANDS = [
    {"type": 1},
    {"type": ["hello"]},
    {"type": "shout"},
    {"type": "close"},
    {"type": "hello"},
    {"type": "hello", "build": "b"},
    {"type": "hello", "build": 1, "resume": {}},
    {"type": "hello", "build": "b", "resume": []},
    {"type": "hello", "build": "b", "resume": {"x": 1}},
    {"type": "hello", "build": "b" * 70_000, "resume": {}},
    *map(hello, ["1", -1, 1.5, True, None, 2**63, {}]),
    {"type": "ack"},
    {"type": "ack", "heads": 5},
    {"type": "ack", "heads": {S: {}}},
    {"type": "beat"},
    {"type": "beat", **STATE, "visible": "yes"},
    {"type": "beat", **STATE, "notify": "perhaps"},
    {"type": "beat", **STATE, "notify": ["granted"]},
    {"type": "typing"},
    {"type": "typing", "session": S},
    {"type": "typing", "stream": S, "session": 7},
]
WRONG = [*WRONG_TEXT, *map(json.dumps, WRONG_COMMANDS)]


@pytest.mark.parametrize("text", WRONG, ids=range(len(WRONG)))
async def test_it_refuses_wrong_shapes_and_goes_on(alice, stream, text):
    async with opened(alice) as page:
        await page.follow(stream)
        await page.frame("ready")
        await page.say_text(text)
        await page.frame("refused", code="bad_command")
        await tell(stream, "a")
        await page.until_text("a")


async def test_it_refuses_bytes(alice):
    async with opened(alice) as page:
        await page.communicator.send_input({"type": "websocket.receive", "bytes": b"{}"})
        await page.frame("refused", code="bad_command")


@pytest.mark.parametrize(
    "command",
    [
        {"type": "ack", "heads": {}},
        {"type": "beat", **STATE},
        {"type": "typing", "stream": S, "session": S},
    ],
)
async def test_it_wants_a_hello_first(alice, command):
    async with opened(alice) as page:
        await page.say(**command)
        await page.frame("refused", code="bad_command")


async def test_it_ends_a_page_that_talks_nonsense(alice):
    async with opened(alice) as page:
        for _ in range(feed.BAD_COMMANDS + 3):
            await page.say("nonsense")
        assert await page.bye() == ("bad_command", 4400)


async def test_it_takes_a_word_it_does_not_know_in_a_command_it_knows(alice, stream):
    async with opened(alice) as page:
        await page.say("hello", build="b", resume={str(stream): 0}, newer="field")
        await page.frame("ready")


class Hooked(FeedSocket):
    calls: list[Any]

    async def opened(self):
        self.calls.append(("opened", self.user_id, self.connection.id))

    async def beat(self, state):
        self.calls.append(("beat", state))

    async def closed(self, clean):
        self.calls.append(("closed", clean, self.user_id, self.connection.id))


async def test_it_calls_its_hooks(alice):
    class Socket(Hooked):
        calls = []

    async with opened(alice, socket=Socket) as page:
        await page.hello()
        ready = await page.frame("ready")
        await page.say("beat", **STATE, more="ignored")
        await page.say("nonsense")
        await page.frame("refused")
    connection = uuid.UUID(ready["connection"])
    assert Socket.calls == [
        ("opened", alice.pk, connection),
        ("beat", STATE),
        ("closed", True, alice.pk, connection),
    ]


async def test_it_tells_its_pages_that_the_server_ends(alice):
    class Socket(Hooked):
        calls = []

    async with opened(alice, socket=Socket) as page:
        await page.hello()
        await page.frame("ready")
        page.communicator.future.cancel()
        assert await page.bye() == ("shutdown", 4503)
    assert [call[:2] for call in Socket.calls][-1] == ("closed", False)


async def test_it_calls_no_hook_for_strangers(db):
    class Socket(Hooked):
        calls = []

    async with opened(None, socket=Socket) as page:
        await page.bye()
    assert Socket.calls == []


async def test_it_has_the_page_come_back_when_a_hook_fails(alice):
    class Broken(FeedSocket):
        async def beat(self, state):
            raise ConnectionError("the database is away")

    async with opened(alice, socket=Broken) as page:
        await page.hello()
        await page.frame("ready")
        await page.say("beat", **STATE)
        assert await page.bye() == ("resume", 4408)


async def test_it_passes_typing_on_to_others_who_see_the_stream(alice, bob, stream):
    session = str(uuid.uuid4())
    other = uuid.uuid4()
    rights.give(bob, other, "everyone")
    async with opened(alice) as writing, opened(alice) as own, opened(bob) as page:
        for one in (writing, own, page):
            await one.follow(stream)
        await page.follow(other)
        await tell(stream, "a")
        for one in (writing, own, page):
            await one.until_text("a")
        await writing.say("typing", stream=str(other), session=session)  # not hers: nobody hears
        await writing.say("typing", stream=str(stream), session=session)
        typing = await page.frame("typing")
        assert typing == {"type": "typing", "session": session, "name": "Alice"}
        await tell(stream, "b")
        for one in (writing, own):
            await one.until_text("b")
            assert "typing" not in {frame["type"] for frame in one.frames}
        assert [frame["type"] for frame in page.frames].count("typing") == 1
