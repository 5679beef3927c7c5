"""The floor of the live path: two commits, one Celery hop, one channel-layer hint, and no more.

Run as a program it is the side that commits, sends the task and waits for the hint; `app` is the
worker's side. Both use the product's servers and its settings for Celery and the channel layer.
"""

import asyncio
import json
import os
import sys
import threading
import time
from typing import Any

import psycopg
from celery import Celery
from channels_redis.pubsub import RedisPubSubChannelLayer

from tgstaff import settings

# A database of Redis and a group that the product does not use.
BROKER = settings.REDIS_URL.rpartition("/")[0] + "/1"
GROUP = "floor"
TABLE = "bench_floor"
PATIENCE_S = 30.0

app = Celery("floor")
app.config_from_object("tgstaff.settings", namespace="CELERY")
app.conf.update(broker_url=BROKER)


class Wire:
    """A loop on a thread of its own with the channel layer, and one database connection."""

    def __init__(self) -> None:
        config = settings.CHANNEL_LAYERS["default"]["CONFIG"]
        self.layer = RedisPubSubChannelLayer(**config | {"prefix": "floor"})
        self.rows = psycopg.connect(settings.DATABASE_URL)
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def commit(self, text: str) -> None:
        query = f"INSERT INTO {TABLE} (text) VALUES (%s)"  # noqa: S608  # a name of our own
        self.rows.execute(query, (text,), prepare=True)
        self.rows.commit()

    def hint(self, text: str) -> None:
        sending = self.layer.group_send(GROUP, {"type": "floor", "text": text})
        asyncio.run_coroutine_threadsafe(sending, self.loop)


_wires = threading.local()


@app.task(name="floor.take", ignore_result=True)
def take(text: str) -> None:
    if not hasattr(_wires, "wire"):
        _wires.wire = Wire()
    _wires.wire.commit(text)
    _wires.wire.hint(text)


class Page:
    """Sends and waits, as a gateway and an agent's page would. `seconds`: of each message."""

    def __init__(self) -> None:
        self.wire = Wire()
        self.wire.rows.execute(f"CREATE TABLE IF NOT EXISTS {TABLE} (text text)")
        self.wire.rows.commit()
        self.begun: dict[str, float] = {}
        self.seconds: list[float] = []
        self.is_listening = threading.Event()
        asyncio.run_coroutine_threadsafe(self._listen(), self.wire.loop)
        self.is_listening.wait(PATIENCE_S)

    async def _listen(self) -> None:
        channel = await self.wire.layer.new_channel()
        await self.wire.layer.group_add(GROUP, channel)
        self.is_listening.set()
        while True:
            hint = await self.wire.layer.receive(channel)
            self.seconds.append(time.monotonic() - self.begun[hint["text"]])

    def measure(self, rate: float, count: int) -> list[float]:
        self.seconds = []
        begun = time.monotonic()
        with app.connection_for_write() as connection:
            for number in range(count):
                time.sleep(max(0.0, begun + number / rate - time.monotonic()))
                self._send(f"{begun} {number}", connection)
            deadline = time.monotonic() + PATIENCE_S
            while len(self.seconds) < count and time.monotonic() < deadline:
                time.sleep(0.01)
        return self.seconds

    def _send(self, text: str, connection: Any) -> None:
        self.begun[text] = time.monotonic()
        self.wire.commit(text)
        app.send_task("floor.take", kwargs={"text": text}, connection=connection, retry=False)


def main() -> None:
    """Each line of input, `RATE COUNT`, is answered with the seconds that each message took."""
    page = Page()
    for line in sys.stdin:
        rate, count = line.split()
        print(json.dumps(page.measure(float(rate), int(count))), flush=True)


if __name__ == "__main__":
    main()
    os._exit(0)  # its loop's thread never ends
