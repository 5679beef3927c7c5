"""For those who watch: whether this process answers, how all parts do, and the figures behind it."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from core import exposition, health
from core.http import is_watcher


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Touches neither database nor Redis: to restart it would not help them."""
    return JsonResponse({"state": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """`{state: ok|degraded|down, parts: {NAME: {state: ok|trouble|silent}}}`; 503 when down.

    Watchers also get each part's figures, the limits they are over, and what kept it silent.
    """
    found = health.findings()
    state = health.state(found)
    say = _in_full if is_watcher(request) else _in_short
    body = {"state": state, "parts": {name: say(name, one) for name, one in found.items()}}
    return JsonResponse(body, status=503 if state == "down" else 200)


def _in_short(name: str, found: health.Finding) -> dict[str, Any]:
    return {"state": found.state}


def _in_full(name: str, found: health.Finding) -> dict[str, Any]:
    figures = {key: round(value, 3) for key, value in found.figures.items() if value is not None}
    said = {"state": found.state, **dict.fromkeys(found.figures), **figures}
    if found.state == "trouble":
        said["limits"] = dict(health.parts[name].limits)
    return said | ({"error": found.error} if found.error else {})


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """For watchers alone: see docs/metrics.md."""
    if not is_watcher(request):
        raise Http404
    return HttpResponse(exposition.text(), content_type=CONTENT_TYPE_LATEST)
