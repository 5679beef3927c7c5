"""`/control/faults`: the weather on the way between a bot and Telegram."""

from __future__ import annotations

import time

from aiohttp import web

from simulator.bot_api import WORLD
from simulator.control.input import Fields, find_bot, read_body
from simulator.errors import BadInput
from simulator.faults import DEFAULT_SECONDS, KINDS, UPDATE_FAULTS, Fault
from simulator.jsons import without_none
from simulator.listener import LISTENER
from simulator.methods import CANONICAL


async def add_fault(request: web.Request) -> web.Response:
    fields = await read_body(request)
    world = fields.world
    kind = str(fields.take("kind"))
    if kind not in KINDS:
        raise BadInput(f"kind: must be one of {', '.join(sorted(KINDS))}")
    details = _details(fields, kind)
    fields.done()
    if kind == "refuse":
        return _refuse_connections(request, details)
    fault = world.faults.add(kind, **details)
    world.hub.publish("fault", fault=fault.as_json())
    return web.json_response(fault.as_json())


def _details(fields: Fields, kind: str) -> dict[str, object]:
    """The given fields by Fault's names; `for_seconds` becomes the moment the fault is over."""
    for_seconds = fields.number("for_seconds", 0, 86400)
    return without_none(
        bot=_bot(fields),
        method=_method(fields, kind),
        chat=fields.whole("chat"),
        count=fields.whole("count", 1, 10**9),
        probability=fields.number("probability", 0, 1),
        after=fields.whole("after", 0, 10**9),
        until=None if for_seconds is None else time.time() + for_seconds,
        seconds=fields.number("seconds", 0, 3600) or DEFAULT_SECONDS.get(kind),
        retry_after=fields.whole("retry_after", 0, 86400),
        description=fields.text("description"),
        applied=fields.flag("applied"),
    )


def _bot(fields: Fields) -> int | None:
    bot_id = fields.whole("bot")
    return None if bot_id is None else find_bot(fields.world, bot_id, "bot").id


def _method(fields: Fields, kind: str) -> str | None:
    method = fields.text("method")
    if method is None:
        return None
    if method.lower() not in CANONICAL:
        raise BadInput(f"method: {method!r} is none this server knows")
    if kind in UPDATE_FAULTS and method.lower() != "getupdates":
        raise BadInput(f"method: {kind} strikes getUpdates only")
    return CANONICAL[method.lower()]


def _refuse_connections(request: web.Request, details: dict[str, object]) -> web.Response:
    """Nobody can be refused after having spoken: the whole server is away for `seconds`."""
    if set(details) - {"seconds"}:
        raise BadInput("refuse: takes only seconds; to cut calls of one bot use cut_before")
    fault = Fault(0, "refuse", seconds=float(str(details["seconds"])))
    request.app[LISTENER].go_away(fault.seconds)
    return web.json_response(fault.as_json())


async def list_faults(request: web.Request) -> web.Response:
    faults = [fault.as_json() for fault in request.app[WORLD].faults.all.values()]
    return web.json_response({"faults": faults})


async def remove_fault(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    number = request.match_info["fault"]
    fault = world.faults.all.pop(int(number), None) if number.isdecimal() else None
    if fault is None:
        raise BadInput(f"fault: there is no fault {number}", 404)
    world.hub.publish("fault", fault=fault.as_json())
    return web.json_response({"removed": 1})


async def remove_faults(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    removed = len(world.faults.all)
    world.faults.all.clear()
    world.hub.publish("fault", fault=None)
    return web.json_response({"removed": removed})
