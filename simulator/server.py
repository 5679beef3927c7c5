"""The program: its routes, who may speak to it, and its life from start to SIGTERM."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from simulator import bot_api, control, phone, storage
from simulator.bot_api import WORLD
from simulator.errors import BadInput
from simulator.files import MAX_UPLOAD
from simulator.listener import LISTENER, Listener
from simulator.methods.webhooks import LOOPBACK
from simulator.webhook import courier_context
from simulator.world import World

BOT_SIDE = [
    web.route("*", "/bot{token:[^/]*}/{method:[^/]+}", bot_api.serve_method),
    web.get("/file/bot{token:[^/]*}/{path:.+}", bot_api.serve_file),
    web.route("*", "/bot{token:[^/]*}/{rest:.*}", bot_api.serve_nothing),
]

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def build_app(world: World, listener: Listener) -> web.Application:
    # Multipart adds its own bytes to the largest file there may be.
    app = web.Application(client_max_size=MAX_UPLOAD + 2**20, middlewares=[guard])
    app[WORLD] = world
    app[LISTENER] = listener
    app.add_routes([*BOT_SIDE, *control.ROUTES, *phone.ROUTES])
    app.cleanup_ctx.append(courier_context)
    app.on_shutdown.append(_end_streams)
    return app


async def _end_streams(app: web.Application) -> None:
    app[WORLD].hub.close()


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Only this machine, and no foreign web page in its browser; control errors are JSON."""
    if not _is_from_here(request):
        return web.json_response({"error": "host or origin: only loopback may ask"}, status=403)
    try:
        return await handler(request)
    except BadInput as refused:
        return web.json_response({"error": refused.message}, status=refused.status)
    except web.HTTPException as refused:
        if not request.path.startswith("/control/") or refused.status < 400:
            raise
        message = f"{request.method} {request.path}: {refused.reason}"
        return web.json_response({"error": message}, status=refused.status)


def _is_from_here(request: web.Request) -> bool:
    """By Host, against rebinding of names; by Origin, against pages of other sites."""
    origin = request.headers.get("Origin")
    own = f"http://{request.host}"
    return urlsplit(own).hostname in LOOPBACK and origin in {None, own}


async def serve(host: str, port: int, port_file: Path | None, state_file: Path | None) -> None:
    """Runs until SIGTERM or SIGINT; raises OSError for a busy port, ValueError for a bad file."""
    world, listener = World(), Listener(host, port)
    app = build_app(world, listener)
    if state_file is not None:
        storage.read_file(world, state_file)
        app.cleanup_ctx.append(storage.saving(state_file))
    # A poll whose caller has gone must not take updates with it.
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1, access_log=None)
    await runner.setup()
    try:
        await listener.open(runner)
        _announce(listener, port_file)
        await _wait_for_signal()
    finally:
        await runner.cleanup()


def _announce(listener: Listener, port_file: Path | None) -> None:
    if port_file is not None:
        port_file.write_text(f"{listener.port}\n")
    sys.stderr.write(f"simulator: {listener.address}\n")
    sys.stderr.flush()


async def _wait_for_signal() -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await ended.wait()
