"""The whole product in one process: web, worker, beat and gateway, for SQLite without Redis.

Hints and tasks stay in this process's memory. In production each of these is a process of its own
(see Procfile).
"""

import argparse
import asyncio
import logging
import os
import threading

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tgstaff.settings")

import django
from daphne.server import Server  # first: it installs the reactor

django.setup()

from bots.gateway import Gateway
from celery.beat import Scheduler, Service
from celery.worker import WorkController
from django.conf import settings
from django.core.management import call_command

from tgstaff.asgi import application
from tgstaff.celery import app

log = logging.getLogger(__name__)

WORKER_THREADS = 4
STOP_SECONDS = 8


def main() -> None:
    options = _parse()
    call_command("check")
    worker = _start_worker()
    beat = _start_beat()
    gateway = GatewayThread()
    gateway.start()
    try:
        _web(options.port).run()
    finally:
        gateway.stop()
        beat.stop()
        worker.stop(exitcode=0)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tgstaff.serve", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    return parser.parse_args()


def _web(port: int) -> Server:
    return Server(
        application=application,
        endpoints=[f"tcp:port={port}:interface=127.0.0.1"],
        signal_handlers=True,
        server_name="TG-Staff",
        # the page's own beat tells more than protocol pings, and sooner
        ping_interval=0,
    )


def _start_worker() -> WorkController:
    worker = app.WorkController(
        hostname="embedded@localhost",
        pool="threads",
        concurrency=WORKER_THREADS,
        without_mingle=True,
        without_gossip=True,
        without_heartbeat=True,
    )
    threading.Thread(target=worker.start, name="worker", daemon=True).start()
    return worker


def _start_beat() -> Service:
    service = Service(app, scheduler_cls=Scheduler)
    threading.Thread(target=service.start, name="beat", daemon=True).start()
    return service


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


if __name__ == "__main__":
    main()
