"""`/control/webhooks/forge`: somebody else knocks at a bot's webhook."""

from __future__ import annotations

from aiohttp import ClientError, web

from simulator.control.input import read_body
from simulator.errors import BadInput
from simulator.webhook import COURIER, forge


async def forge_update(request: web.Request) -> web.Response:
    """Without `secret` the header is left out; gives the status the product answered with."""
    fields = await read_body(request)
    bot, secret, update = fields.bot(), fields.text("secret"), fields.object("update")
    fields.done()
    if bot.webhook is None:
        raise BadInput(f"bot: {bot.id} has no webhook")
    try:
        status = await forge(request.app[COURIER], bot, secret or "", update)
    except (ClientError, OSError) as error:
        raise BadInput(f"bot: its webhook does not answer ({error})") from None
    return web.json_response({"status": status})
