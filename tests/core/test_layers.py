"""core.layers: one process, several loops, each hears at once."""

import asyncio
import threading

import pytest
from channels.exceptions import ChannelFull

from core.layers import ThreadsafeInMemoryChannelLayer
from tests.support.threads import together


class Listener:
    """A loop in a thread of its own that receives on one channel until it has heard enough."""

    def __init__(self, layer: ThreadsafeInMemoryChannelLayer, channel: str, enough: int) -> None:
        self.layer, self.channel, self.enough = layer, channel, enough
        self.waiting = threading.Event()
        self.heard: list[int] = []

    def run(self) -> list[int]:
        asyncio.run(self._listen())
        return self.heard

    async def _listen(self) -> None:
        await self.layer.group_add("group", self.channel)
        for place in range(self.enough):
            message = asyncio.ensure_future(self.layer.receive(self.channel))
            await asyncio.sleep(0)  # it stands at the queue now
            if place == 0:
                self.waiting.set()
            # no time-out here: its timer would wake the loop
            self.heard.append((await message)["number"])


def send(layer: ThreadsafeInMemoryChannelLayer, listeners: list[Listener], count: int) -> None:
    async def all_of_them() -> None:
        for number in range(count):
            await layer.group_send("group", {"type": "look", "number": number})

    for listener in listeners:
        assert listener.waiting.wait(10)
    asyncio.run(all_of_them())


def test_two_loops_in_two_threads_both_hear_what_a_third_sends():
    layer = ThreadsafeInMemoryChannelLayer()
    listeners = [Listener(layer, "one", 20), Listener(layer, "two", 20)]
    everything = list(range(20))
    results = together(
        listeners[0].run, listeners[1].run, lambda: send(layer, listeners, 20), seconds=15
    )
    assert results == [everything, everything, None]


def test_a_loop_that_sleeps_is_woken():
    # One message and nothing else: a loop that is not woken would sleep for ever.
    layer = ThreadsafeInMemoryChannelLayer()
    listener = Listener(layer, "one", 1)
    assert together(listener.run, lambda: send(layer, [listener], 1), seconds=15) == [[0], None]


async def test_it_works_inside_one_loop():
    layer = ThreadsafeInMemoryChannelLayer()
    await layer.group_add("group", "one")
    await layer.group_send("group", {"type": "look"})
    assert await asyncio.wait_for(layer.receive("one"), 5) == {"type": "look"}


async def test_who_left_a_group_hears_nothing_and_is_forgotten():
    layer = ThreadsafeInMemoryChannelLayer()
    await layer.group_add("group", "one")
    waiting = asyncio.ensure_future(layer.receive("one"))
    await asyncio.sleep(0)
    await layer.group_discard("group", "one")
    await layer.group_send("group", {"type": "look"})
    assert not waiting.done()
    assert layer.loops == {}
    waiting.cancel()


def test_a_message_to_a_loop_that_has_ended_is_lost_quietly():
    layer = ThreadsafeInMemoryChannelLayer()

    async def come_and_go() -> None:
        await layer.group_add("group", "gone")
        waiting = asyncio.ensure_future(layer.receive("gone"))
        await asyncio.sleep(0)
        waiting.cancel()

    asyncio.run(come_and_go())
    asyncio.run(layer.group_send("group", {"type": "look"}))


async def test_what_nobody_reads_is_bounded():
    layer = ThreadsafeInMemoryChannelLayer(capacity=3)
    await layer.group_add("group", "slow")
    for _ in range(50):
        await layer.group_send("group", {"type": "look"})
    assert layer.channels["slow"].qsize() == 3
    with pytest.raises(ChannelFull):
        await layer.send("slow", {"type": "look"})
