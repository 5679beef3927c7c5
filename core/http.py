"""JSON at the edge: a refusal becomes one answer, in one place. And who asks."""

import json
from collections.abc import Callable
from functools import wraps
from ipaddress import ip_address, ip_network
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _

from core.errors import Refusal

View = Callable[..., HttpResponse]


def api(method: str) -> Callable[[Callable[..., dict[str, Any]]], View]:
    """Make a view that returns plain data into a JSON endpoint for signed-in people.

    A `Refusal` becomes `{"error": {code, message, data}}` with its status.
    """

    def decorate(view: Callable[..., dict[str, Any]]) -> View:
        @wraps(view)
        def endpoint(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method != method:
                answer = _refused(Refusal("method", _("This address takes %s.") % method), 405)
                answer["Allow"] = method
                return answer
            if not request.user.is_authenticated:
                return _refused(Refusal("signed_out", _("You are signed out.")))
            try:
                answer = JsonResponse(view(request, *args, **kwargs))
            except Refusal as refusal:
                return _refused(refusal)
            answer["Cache-Control"] = "no-store"
            return answer

        return endpoint

    return decorate


def _refused(refusal: Refusal, status: int | None = None) -> JsonResponse:
    answer = JsonResponse(refusal.as_json(), status=status or refusal.status)
    answer["Cache-Control"] = "no-store"
    return answer


def body(request: HttpRequest) -> dict[str, Any]:
    """The request's JSON object. Raises Refusal `invalid` or `too_large`."""
    try:
        data = json.loads(request.body, parse_constant=_no_number)
    except RequestDataTooBig:
        raise Refusal("too_large", _("That is too large to be sent.")) from None
    except (ValueError, RecursionError):  # RecursionError: brackets in brackets in brackets
        raise Refusal("invalid", _("The request holds no valid JSON.")) from None
    if not isinstance(data, dict):
        raise Refusal("invalid", _("The request must be a JSON object."))
    return data


def _no_number(name: str) -> None:
    """Python reads NaN and Infinity; JSON has neither, and PostgreSQL's jsonb refuses them."""
    raise ValueError(name)


# ---------------------------------------------------------------- who asks


def client_address(request: HttpRequest) -> str:
    """Where the request comes from, past the proxies of our own; empty if that cannot be said.

    A proxy that nobody told us of makes every stranger look like this machine itself.
    """
    forwarded = request.headers.get("X-Forwarded-For", "")
    if not settings.TRUSTED_PROXIES:
        return "" if forwarded else request.META.get("REMOTE_ADDR", "")
    hops = [hop.strip() for hop in forwarded.split(",")]
    return hops[-settings.TRUSTED_PROXIES] if len(hops) >= settings.TRUSTED_PROXIES else ""


def is_watcher(request: HttpRequest) -> bool:
    """Whether the one who asks may see figures: by METRICS_TOKEN, or from METRICS_ADDRESSES."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    wanted = settings.METRICS_TOKEN
    return bool(wanted and constant_time_compare(given, wanted)) or _is_listed(request)


def _is_listed(request: HttpRequest) -> bool:
    try:
        address = ip_address(client_address(request))
    except ValueError:
        return False
    return any(address in ip_network(listed) for listed in settings.METRICS_ADDRESSES)
