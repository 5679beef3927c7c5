import asyncio
import os
import secrets
import signal
import socket
from typing import Any

from django.core.management.base import BaseCommand

from bots.gateway import Gateway
from core import ending, memory, metrics


class Command(BaseCommand):
    help = "Read and send for the bots: as many of these as you like, each bot is served by one."

    def handle(self, *args: Any, **options: Any) -> None:
        metrics.serve()
        memory.settle()
        asyncio.run(serve())


async def serve() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, _end, stop)
    name = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
    await Gateway(name=name).run(stop)


def _end(stop: asyncio.Event) -> None:
    ending.begin()
    stop.set()
