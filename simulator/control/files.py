"""`/control/files`: what people and bots sent, for the phone page, which has no token."""

from __future__ import annotations

from aiohttp import web

from simulator.bot_api import WORLD
from simulator.errors import BadInput

SHOWN = {"image/png", "image/jpeg", "image/gif", "image/webp", "audio/ogg", "audio/mpeg"}
SHOWN |= {"video/mp4", "text/plain"}


async def download(request: web.Request) -> web.Response:
    """Harmless kinds as themselves, all others as an attachment."""
    unique_id = request.match_info["file"]
    file = request.app[WORLD].files.all.get(unique_id)
    if file is None:
        raise BadInput(f"file: there is no file {unique_id!r}", 404)
    is_shown = file.mime in SHOWN
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, max-age=3600"}
    if not is_shown:
        headers["Content-Disposition"] = "attachment"
    mime = file.mime if is_shown else "application/octet-stream"
    return web.Response(body=file.data, content_type=mime, headers=headers)
