"""`/control/webhooks/forge`: somebody else knocks at a bot's webhook."""

from __future__ import annotations

from aiohttp import ClientError, web

from simulator.control.input import Fields, read_body
from simulator.errors import BadInput
from simulator.jsons import dumps
from simulator.people import Bot
from simulator.webhook import COURIER, forge


async def forge_update(request: web.Request) -> web.Response:
    """Without `secret` the header is left out; `knows_secret` sends the right one; `raw` is any body.

    Gives the status the product answered with.
    """
    fields = await read_body(request)
    bot, secret = fields.bot(), fields.text("secret") or ""
    is_known, body = fields.flag("knows_secret"), _body(fields, bot)
    fields.done()
    if bot.webhook is None:
        raise BadInput(f"bot: {bot.id} has no webhook")
    try:
        secret = bot.webhook.secret if is_known else secret
        status = await forge(request.app[COURIER], bot, secret, body)
    except (ClientError, OSError) as error:
        raise BadInput(f"bot: its webhook does not answer ({error})") from None
    return web.json_response({"status": status})


def _body(fields: Fields, bot: Bot) -> str:
    raw, update = fields.text("raw"), fields.object("update")
    if raw is not None and update is not None:
        raise BadInput("raw, update: only one of them can be given")
    return raw if raw is not None else dumps(update or {"update_id": bot.queue.next_id})
