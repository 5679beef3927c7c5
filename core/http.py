"""JSON at the edge: a refusal becomes one answer, in one place."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
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
