"""The public address of a link, for whom redirects.edge does not lead on at once."""

from datetime import datetime

from django.db import DatabaseError, InterfaceError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core import clock
from redirects import opening, table, writer
from redirects.actions.clicks import NewClick
from redirects.models import Link
from redirects.queries import Place, Way, find

GONE, BROKEN = 410, 503
STATUS = {Link.State.EXPIRED: GONE, Link.State.DISABLED: GONE}
RETRY_SECONDS = 30


@require_safe
def follow(request: HttpRequest, code: str) -> HttpResponse:
    """302 into the bot with a fresh ticket, once the click is durable; where the link leads nowhere
    now, a page that says so and shows a way on. An unknown code is a 404 like any other; without a
    database nobody can say which codes are unknown."""
    found = _find(code)
    if found is None and table.current.is_cut_off:
        return _closed(_page(request, {}, BROKEN), **{"Retry-After": str(RETRY_SECONDS)})
    if found is None:
        raise Http404
    way, place, at = found
    click = opening.opened(
        way,
        place,
        at,
        method=str(request.method),
        peer=request.META.get("REMOTE_ADDR", ""),
        query=request.META.get("QUERY_STRING", "").encode("latin-1", "replace"),
        headers={name.lower(): value for name, value in request.headers.items()},
    )
    writer.current.keep_now(click)
    if opening.leads_on(click):
        return _closed(HttpResponse(status=302), Location=opening.into_bot(place, click))
    return _closed(_trouble(request, way, place, click))


def _find(code: str) -> tuple[Way, Place, datetime] | None:
    """With the present moment. From memory if the database is away."""
    if not table.current.is_cut_off:
        try:
            found = find(code)
            return (*found, clock.now()) if found else None
        except (DatabaseError, InterfaceError):
            table.current.has_failed = True  # until the next refresh
    known = table.current.find(code)
    return (*known, table.current.now()) if known else None


def _closed(answer: HttpResponse, **headers: str) -> HttpResponse:
    for name, value in {**opening.HEADERS, **headers}.items():
        answer[name] = value
    return answer


def _trouble(request: HttpRequest, way: Way, place: Place, click: NewClick) -> HttpResponse:
    """With a bot whose token is refused the customer can still write: it is read when that is
    mended."""
    is_open = click.state == Link.State.BOT_INVALID
    context = {
        "company": place.company,
        "fallback_url": way.fallback_url,
        "is_over": click.state in STATUS,
        "is_expired": click.state == Link.State.EXPIRED,
        "into_bot": opening.into_bot(place, click) if is_open else "",
    }
    return _page(request, context, STATUS.get(Link.State(click.state), BROKEN))


def _page(request: HttpRequest, context: dict[str, object], status: int) -> HttpResponse:
    return render(request, "redirects/trouble.html", context, status=status)
