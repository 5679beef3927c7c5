"""The whole product in one process: web, worker, beat and gateway, for SQLite without Redis.

Hints and tasks stay in this process's memory. In production each of these is a process of its own
(see Procfile).
"""

import argparse
import asyncio
import logging
import os
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tgstaff.settings")

import django

django.setup()

from celery.beat import Service
from django.conf import settings
from django.core.management import call_command

from bots.gateway import Gateway
from tgstaff.asgi import application
from tgstaff.beat import TickScheduler
from tgstaff.celery import app
from tgstaff.web import WebServer

log = logging.getLogger(__name__)

WORKER_THREADS = 4
STOP_SECONDS = 8


def main() -> None:
    options = _parse()
    call_command("check", stdout=sys.stderr)
    call_command("migrate", verbosity=0)
    with ExitStack() as parts:
        for name in sorted(PARTS.keys() - set(options.without)):
            parts.callback(PARTS[name]())
        _web(options.port).run()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tgstaff.serve", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument(
        "--without",
        nargs="+",
        default=[],
        choices=sorted(PARTS),
        help="leave parts out, to see the others take over",
    )
    return parser.parse_args()


def _web(port: int) -> WebServer:
    return WebServer(
        application=application,
        endpoints=[f"tcp:port={port}:interface=127.0.0.1"],
        signal_handlers=True,
        server_name="TG-Staff",
        # the page's own beat tells more than protocol pings, and sooner
        ping_interval=0,
    )


Stop = Callable[[], None]


def _start_worker() -> Stop:
    worker = app.WorkController(
        hostname="embedded@localhost",
        pool="threads",
        concurrency=WORKER_THREADS,
        without_mingle=True,
        without_gossip=True,
        without_heartbeat=True,
    )
    threading.Thread(target=worker.start, name="worker", daemon=True).start()
    return partial(worker.stop, exitcode=0)


def _start_beat() -> Stop:
    service = Service(app, scheduler_cls=TickScheduler)
    threading.Thread(target=service.start, name="beat", daemon=True).start()
    return service.stop


def _start_gateway() -> Stop:
    gateway = GatewayThread()
    gateway.start()
    return gateway.stop


class GatewayThread(threading.Thread):
    """The gateway on an event loop of its own. It carries on this data folder's own leases."""

    def __init__(self) -> None:
        super().__init__(name="gateway", daemon=True)
        self.loop = asyncio.new_event_loop()
        self.ending = asyncio.Event()

    def run(self) -> None:
        try:
            self.loop.run_until_complete(Gateway(name=self._holder()).run(self.ending))
        except Exception:
            log.exception("the gateway ended")
            os._exit(70)  # the supervisor starts the whole process again

    @staticmethod
    def _holder() -> str:
        return f"embedded:{settings.DATA_DIR}"[:80]

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.ending.set)
        self.join(STOP_SECONDS)


PARTS = {"worker": _start_worker, "beat": _start_beat, "gateway": _start_gateway}


if __name__ == "__main__":
    main()
