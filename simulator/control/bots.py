"""`/control/bots`: what BotFather does."""

from __future__ import annotations

import re

from aiohttp import web

from simulator.bot_api import WORLD
from simulator.control.input import bot_of_path, read_body
from simulator.errors import BadInput


async def add_bot(request: web.Request) -> web.Response:
    fields = await read_body(request)
    token, username, name = (fields.text(field) for field in ("token", "username", "name"))
    fields.done()
    if token is not None and not re.fullmatch(r"[1-9][0-9]{0,15}:[A-Za-z0-9_-]+", token):
        raise BadInput("token: must be <bot id>:<letters, digits, _ and ->")
    if username is not None and not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{2,31}", username):
        raise BadInput("username: must be 3 to 32 letters, digits and _, a letter first")
    return web.json_response(request.app[WORLD].add_bot(token, username, name).as_json())


async def list_bots(request: web.Request) -> web.Response:
    bots = [bot.as_json() for bot in request.app[WORLD].bots.values()]
    return web.json_response({"bots": bots})


async def revoke_bot(request: web.Request) -> web.Response:
    bot = bot_of_path(request)
    request.app[WORLD].revoke(bot)
    return web.json_response(bot.as_json())
