"""A name for each request, headers that every answer carries, and the one exception from the
strict policy."""

import logging
import re
import secrets
import time
from collections.abc import Callable
from typing import Any

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from core import logs, metrics

log = logging.getLogger(__name__)

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
# Unfold's pages use Alpine.js (eval) and inline style; everything else stays strict.
ADMIN_POLICY = {
    "script-src": [SELF, UNSAFE_INLINE, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
    "default-src": [NONE],
}


def new_request_id() -> str:
    return secrets.token_hex(16)


class RequestId:
    """What is logged for a request carries its id and the ids in its address.

    The id is the proxy's where there is one of our own, else made here; the answer says it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id, begun_at = _given_id(request) or new_request_id(), time.monotonic()
        logs.clear()
        logs.bind(request_id=request_id)
        try:
            response = self.get_response(request)
            _note(request, response, time.monotonic() - begun_at)
        finally:
            logs.clear()
        response["X-Request-ID"] = request_id
        return response

    def process_view(
        self, request: HttpRequest, view: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        ids = {
            name.removesuffix("_id"): str(value) for name, value in kwargs.items() if "_id" in name
        }
        logs.bind(**ids)


def _note(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    metrics.REQUESTS.labels(f"{response.status_code // 100}xx").observe(seconds)
    if settings.LOG_REQUESTS:
        extra = {"status": response.status_code, "ms": round(seconds * 1000)}
        log.info("%s %s", request.method, request.path, extra=extra)


def _given_id(request: HttpRequest) -> str:
    given = request.headers.get("X-Request-ID", "") if settings.TRUSTED_PROXIES else ""
    return given if REQUEST_ID.fullmatch(given) else ""


class SecurityHeaders:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Permissions-Policy", PERMISSIONS)
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class AdminPolicy:
    """Relax the content policy for the admin alone. Stands inside the CSP middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith("/admin/"):
            response._csp_replace = ADMIN_POLICY  # type: ignore[attr-defined]  # csp reads it
        return response
