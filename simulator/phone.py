"""The phone page, its files, and `/<bot username>?start=payload`, which is this server's t.me."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

STATIC = Path(__file__).parent / "static"
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


async def page(request: web.Request) -> web.StreamResponse:
    return web.FileResponse(STATIC / "index.html", headers=HEADERS)


ROUTES = [
    web.get("/", page),
    web.static("/static", STATIC),
    web.get("/{username:[A-Za-z][A-Za-z0-9_]{2,31}}", page),
]
