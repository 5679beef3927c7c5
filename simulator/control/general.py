"""`/control/health`, `/settings`, `/reset`, and the live events of the phone page."""

from __future__ import annotations

import asyncio
import random
from dataclasses import asdict, replace

from aiohttp import web

from simulator.bot_api import WORLD
from simulator.control.input import read_body
from simulator.jsons import Json, dumps, without_none

KEEP_ALIVE = 15.0


async def health(request: web.Request) -> web.Response:
    return web.json_response({"ok": True})


async def reset(request: web.Request) -> web.Response:
    request.app[WORLD].clear()
    return web.json_response({"ok": True})


async def show_settings(request: web.Request) -> web.Response:
    return web.json_response(asdict(request.app[WORLD].settings))


async def change_settings(request: web.Request) -> web.Response:
    """Sets what is given; `seed` makes probabilities, samples and shuffles repeatable."""
    fields = await read_body(request)
    changes = without_none(
        poll_throttle=fields.number("poll_throttle", 0, 50),
        webhook_retry_base=fields.number("webhook_retry_base", 0, 120),
        flood_per_bot=fields.number("flood_per_bot", 0.01, 10**6),
        flood_per_chat=fields.number("flood_per_chat", 0.01, 10**6),
    )
    seed = fields.whole("seed")
    fields.done()
    if seed is not None:
        random.seed(seed)
    fields.world.settings = replace(fields.world.settings, **changes)
    return web.json_response(asdict(fields.world.settings))


async def events(request: web.Request) -> web.StreamResponse:
    """Server-sent events, one JSON object each; ends when the program stops."""
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
    )
    hub = request.app[WORLD].hub
    listener = hub.join()  # first: a page that sees the stream begin asks for the state
    try:
        await response.prepare(request)
        await _stream(listener, response)
    except ConnectionError:
        pass  # the page was closed
    finally:
        hub.leave(listener)
    return response


async def _stream(listener: asyncio.Queue[Json | None], response: web.StreamResponse) -> None:
    await response.write(b": connected\n\n")
    while True:
        try:
            event = await asyncio.wait_for(listener.get(), KEEP_ALIVE)
        except TimeoutError:
            await response.write(b": still here\n\n")
            continue
        if event is None:
            return
        await response.write(f"data: {dumps(event)}\n\n".encode())
