"""The fast door to links: an ASGI application in front of all others.

It answers who is led on at once. All else (pages for people, unknown codes, other methods, wrong
hosts, http where https is wanted) goes on to Django, whose view does the same, slower.
"""

import logging
import time
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import quote_from_bytes

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from core import metrics
from core.middleware import REQUEST_ID, new_request_id
from redirects import capture, opening, table, writer
from redirects.models import CODE_LENGTH

log = logging.getLogger(__name__)

METHODS = frozenset({"GET", "HEAD"})
NAMES = {
    name.encode(): name
    for name in (
        *("host", "x-forwarded-for", "x-forwarded-proto", "x-request-id"),
        *("user-agent", "accept-language", "referer"),
        *capture.PURPOSES,
    )
}
RETRY_SECONDS = 2
FOUND, UNAVAILABLE = 302, 503
LED_ON, REFUSED = metrics.REQUESTS.labels("3xx"), metrics.REQUESTS.labels("5xx")
ASCII = "".join(map(chr, range(128)))

Header = tuple[bytes, bytes]


class Edge:
    def __init__(self, behind: Any) -> None:
        self.behind = behind
        self.headers = _headers()
        self.logs = settings.LOG_REQUESTS
        self.is_proxied = bool(settings.TRUSTED_PROXIES)
        self.wants_https = settings.SECURE_SSL_REDIRECT
        self.reads_scheme = bool(settings.SECURE_PROXY_SSL_HEADER)
        self.hosts = tuple(settings.ALLOWED_HOSTS)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        answer = None
        if _is_for_links(scope):
            if not scope["query_string"].isascii():
                scope = scope | {"query_string": _ascii(scope["query_string"])}
            answer = await self._answer(scope)
        if answer is None:
            await self.behind(scope, receive, send)
            return
        status, headers = answer
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async def _answer(self, scope: Any) -> tuple[int, list[Header]] | None:
        found = table.current.find(scope["path"][1:])
        if found is None:
            return None
        begun = time.monotonic()
        headers = said(scope["headers"])
        if not self._is_welcome(scope["scheme"], headers):
            return None
        way, place = found
        click = opening.opened(
            way,
            place,
            table.current.now(),
            method=scope["method"],
            peer=scope["client"][0] if scope.get("client") else "",
            query=scope["query_string"],
            headers=headers,
        )
        if not opening.leads_on(click):
            return None
        try:
            await writer.current.keep(click)
        except writer.Full:
            return self._close(
                scope, UNAVAILABLE, headers, ("Retry-After", str(RETRY_SECONDS)), begun
            )
        where = opening.into_bot(place, click)
        return self._close(scope, FOUND, headers, ("Location", where), begun)

    def _is_welcome(self, scheme: str, headers: dict[str, str]) -> bool:
        """Whether Django would let the view see it."""
        if self.wants_https:
            proxied = headers.get("x-forwarded-proto") if self.reads_scheme else None
            if (proxied.split(",")[0].strip() if proxied is not None else scheme) != "https":
                return False
        return _is_ours(headers.get("host", ""), self.hosts)

    def _close(
        self, scope: Any, status: int, asked: dict[str, str], own: tuple[str, str], begun: float
    ) -> tuple[int, list[Header]]:
        """As core.middleware.RequestId does."""
        seconds = time.monotonic() - begun
        (LED_ON if status == FOUND else REFUSED).observe(seconds)
        if self.logs:
            extra = {"status": status, "ms": round(seconds * 1000)}
            log.info("%s %s", scope["method"], scope["path"], extra=extra)
        given = asked.get("x-request-id", "") if self.is_proxied else ""
        name = given if REQUEST_ID.fullmatch(given) else new_request_id()
        return status, [
            *self.headers,
            (own[0].encode(), own[1].encode("ascii")),
            (b"X-Request-ID", name.encode()),
        ]


def _is_for_links(scope: Any) -> bool:
    return (
        scope["type"] == "http"
        and len(scope["path"]) == CODE_LENGTH + 1
        and scope["method"] in METHODS
    )


def _ascii(query: bytes) -> bytes:
    """The same with its other bytes percent-encoded: Django refuses what is no UTF-8 before it asks
    the view, and somebody's old browser is no reason to send him away."""
    return quote_from_bytes(query, safe=ASCII).encode()


def said(headers: Iterable[Header]) -> dict[str, str]:
    """Those that matter here, as Django reads them."""
    found: dict[str, str] = {}
    for raw, value in headers:
        name = NAMES.get(raw.lower())
        if name:
            text = value.decode("latin-1")
            found[name] = f"{found[name]},{text}" if name in found else text
    return found


@lru_cache(1024)
def _is_ours(host: str, allowed: tuple[str, ...]) -> bool:
    domain, _port = split_domain_port(host)
    return bool(domain and validate_host(domain, allowed))


def _headers() -> list[Header]:
    """What means something to somebody who is led on at once; of what Django's middleware adds to a
    page, a redirect without a body needs the rest not. Each costs as much as a part of the visit."""
    headers = {"Content-Length": "0", **opening.HEADERS}
    if settings.SECURE_HSTS_SECONDS:
        headers["Strict-Transport-Security"] = f"max-age={settings.SECURE_HSTS_SECONDS}"
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def start() -> None:
    """Once in a web process."""
    table.start()
    writer.start()
