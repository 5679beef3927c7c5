"""core.kick: after commit, never in a commit's way, lost without harm."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis
from celery import current_app
from channels.layers import channel_layers
from channels_redis.pubsub import RedisPubSubChannelLayer
from kombu.exceptions import OperationalError

from core import kick, tx
from core.aio import in_db
from core.layers import ThreadsafeInMemoryChannelLayer
from tests.support import servers
from tests.support.processes import python, said, say, started
from tests.support.waiting import until

IMPORTS = """
import os, sys, time
from django.db import transaction
from core import kick
"""
QUEUE = "celery"  # the broker's list of tasks


@pytest.fixture
def layer():
    """A fresh channel layer in the place of the settings' one."""
    fresh = ThreadsafeInMemoryChannelLayer()
    with in_place(fresh):
        yield fresh


@contextmanager
def in_place(layer: Any) -> Iterator[None]:
    usual: Any = channel_layers["default"]  # made here if nobody has asked for it yet
    channel_layers.set("default", layer)
    try:
        yield
    finally:
        channel_layers.set("default", usual)


def change_and_hint(text: str) -> None:
    with tx.change():
        kick.hint("group", type="look", text=text)


def fail_after_hint(text: str) -> None:
    with tx.change():
        kick.hint("group", type="look", text=text)
        raise ZeroDivisionError


@pytest.mark.django_db(transaction=True)
class TestHints:
    async def test_a_hint_reaches_its_group_after_the_commit(self, layer):
        await layer.group_add("group", "me")
        await in_db(change_and_hint, "new")
        heard = await asyncio.wait_for(layer.receive("me"), 10)
        assert heard == {"type": "look", "text": "new"}

    async def test_a_change_that_fails_hints_nothing(self, layer):
        await layer.group_add("group", "me")
        with pytest.raises(ZeroDivisionError):
            await in_db(fail_after_hint, "lost")
        await in_db(change_and_hint, "kept")
        heard = await asyncio.wait_for(layer.receive("me"), 10)
        assert heard["text"] == "kept"

    async def test_a_hint_reaches_its_group_over_redis(self, redis_url):
        hosts = [{"address": redis_url, "socket_timeout": None}]
        layer = RedisPubSubChannelLayer(hosts=hosts)
        with in_place(layer):
            channel = await layer.new_channel()
            await layer.group_add("group", channel)
            await in_db(change_and_hint, "over redis")
            heard = await asyncio.wait_for(layer.receive(channel), 10)
            assert heard["text"] == "over redis"
            await layer.flush()


@pytest.mark.django_db(transaction=True)
def test_a_task_reaches_the_broker_after_the_commit():
    with current_app.connection_for_read() as broker:
        channel: Any = broker.default_channel
        channel.queue_declare(QUEUE)
        channel.queue_purge(QUEUE)
        with tx.change():
            kick.task("core.tick", name="probe")
        message = until(lambda: channel.basic_get(QUEUE))
    assert message.headers["task"] == "core.tick"
    assert "'name': 'probe'" in message.headers["kwargsrepr"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kinds", [["task"], ["hint"], []])
def test_a_kind_that_is_switched_off_is_not_queued(settings, monkeypatch, kinds):
    settings.KICKS = kinds
    queued: list[kick.Kick] = []
    monkeypatch.setattr(kick._Sender, "put", lambda self, kick: queued.append(kick))
    with tx.change():
        kick.task("core.tick", name="probe")
        kick.hint("group", type="look")
    assert [kind for kind, *_ in queued] == kinds


@pytest.mark.slow
def test_a_refused_broker_loses_the_kick_and_the_commit_does_not_wait(tmp_path):
    script = (
        IMPORTS
        + """
with transaction.atomic():
    kick.task("core.tick", name="x")
print("dropped at the commit:", kick.dropped(), flush=True)
while not kick.dropped():
    time.sleep(0.01)
print("dropped later:", kick.dropped(), flush=True)
"""
    )
    log = tmp_path / "log"
    nobody = f"redis://127.0.0.1:{servers.free_port()}/0"
    with started(python(script), log, {"REDIS_URL": nobody}) as process:
        assert process.wait(20) == 0
    assert "dropped at the commit: 0" in log.read_text()
    assert "dropped later: 1" in log.read_text()


def test_a_hanging_broker_fills_a_bounded_queue_and_no_commit_waits(tmp_path):
    script = (
        IMPORTS
        + """
kick.QUEUE_SIZE = 5
for number in range(20):
    with transaction.atomic():
        kick.task("core.tick", name=str(number))
print("dropped:", kick.dropped(), flush=True)
"""
    )
    log = tmp_path / "log"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hanging = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        with started(python(script), log, {"REDIS_URL": hanging}) as process:
            assert process.wait(20) == 0
    # five stand in the queue and one may be under way
    assert "dropped: 14" in log.read_text() or "dropped: 15" in log.read_text()


def tasks_of(client: redis.Redis) -> str:
    return "\n".join(map(str, client.lrange(QUEUE, 0, -1)))


@pytest.mark.slow
def test_kicks_go_out_again_once_the_broker_is_back(tmp_path):
    script = (
        IMPORTS
        + """
kick.task("core.tick", name="x")
while not kick.dropped():
    time.sleep(0.01)
print("lost", flush=True)
sys.stdin.readline()
kick.task("core.tick", name="y")
sys.stdin.readline()
"""
    )
    log = tmp_path / "log"
    with servers.valkey() as server:
        client = redis.Redis.from_url(server.url, decode_responses=True)
        server.stop()
        with started(python(script), log, {"REDIS_URL": server.url}) as process:
            said(log, "lost")
            server.start()
            say(process, "again")
            until(lambda: client.llen(QUEUE))
            tasks = tasks_of(client)
        client.close()
    assert "'x'" not in tasks
    assert "'y'" in tasks


@pytest.mark.slow
def test_a_lone_kick_after_a_restart_of_the_broker_is_not_lost(tmp_path):
    script = (
        IMPORTS
        + """
kick.task("core.tick", name="x")
sys.stdin.readline()
kick.task("core.tick", name="y")
sys.stdin.readline()
"""
    )
    log = tmp_path / "log"
    with servers.valkey() as server:
        client = redis.Redis.from_url(server.url, decode_responses=True)
        with started(python(script), log, {"REDIS_URL": server.url}) as process:
            until(lambda: client.llen(QUEUE))
            server.kill()
            server.start()
            say(process, "again")
            until(lambda: "'y'" in tasks_of(client))
        client.close()


def test_a_worker_never_looks_less_than_every_two_seconds_for_its_broker(monkeypatch):
    monkeypatch.setattr("kombu.utils.functional.sleep", lambda seconds: None)
    pauses: list[float] = []
    nobody = current_app.connection_for_read(f"redis://127.0.0.1:{servers.free_port()}/0")
    with pytest.raises(OperationalError):
        nobody.ensure_connection(lambda error, pause: pauses.append(pause), 6)
    assert pauses[-2:] == [2, 2]
    assert max(pauses) == 2


@pytest.mark.slow
def test_a_forked_process_kicks_too(tmp_path, redis_url):
    script = (
        IMPORTS
        + """
kick.task("core.tick", name="parent")
sys.stdin.readline()
if os.fork() == 0:
    kick.task("core.tick", name="child")
sys.stdin.readline()
"""
    )
    client = redis.Redis.from_url(redis_url, decode_responses=True)
    client.delete(QUEUE)
    with started(python(script), tmp_path / "log", {"REDIS_URL": redis_url}) as process:
        until(lambda: client.llen(QUEUE) == 1)
        say(process, "fork")
        until(lambda: client.llen(QUEUE) == 2)
        tasks = tasks_of(client)
    client.delete(QUEUE)
    client.close()
    assert "'parent'" in tasks
    assert "'child'" in tasks


@pytest.mark.slow
def test_a_process_that_has_kicked_can_end(tmp_path):
    script = (
        IMPORTS
        + """
kick.task("core.tick", name="x")
kick.hint("group", type="look")
"""
    )
    with started(python(script), tmp_path / "log") as process:
        assert process.wait(20) == 0
