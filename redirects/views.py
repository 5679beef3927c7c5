"""The public address of a link: who opens it is noted, and led on into the bot."""

from urllib.parse import quote

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core import clock, tx
from redirects import capture
from redirects.actions import clicks
from redirects.models import Click, Link
from redirects.queries import LEADS_ON, find, state_of

GONE, BROKEN = 410, 503
STATUS = {Link.State.EXPIRED: GONE, Link.State.DISABLED: GONE}


@require_safe
def follow(request: HttpRequest, code: str) -> HttpResponse:
    """302 into the bot with a fresh ticket, once the click is committed; where the link leads
    nowhere now, a page that says so and shows a way on. An unknown code is a 404 like any other."""
    link = find(code)
    if link is None:
        raise Http404
    state = state_of(link, clock.now())
    click = clicks.click(link=link, visit=_visit(request), state=state)
    tx.run(clicks.store, [click])
    if state in LEADS_ON:
        answer = HttpResponse(status=302, headers={"Location": into_bot(click)})
    else:
        answer = _trouble(request, click)
    answer["Cache-Control"] = "no-store"
    answer["Referrer-Policy"] = "no-referrer"
    return answer


def into_bot(click: Click) -> str:
    bot = click.link.project.bot
    return f"{settings.TELEGRAM_LINK_BASE}/{quote(bot.username, safe='')}?start={click.ticket}"


def _visit(request: HttpRequest) -> capture.Visit:
    return capture.visit(
        method=str(request.method),
        peer=request.META.get("REMOTE_ADDR", "") if settings.CLICK_IPS else "",
        query=request.META.get("QUERY_STRING", "").encode("latin-1", "replace"),
        headers={name.lower(): value for name, value in request.headers.items()},
        proxies=settings.TRUSTED_PROXIES if settings.CLICK_IPS else 0,
    )


def _trouble(request: HttpRequest, click: Click) -> HttpResponse:
    """With a bot whose token is refused the customer can still write: it is read when that is
    mended."""
    link = click.link
    is_open = click.state == Link.State.BOT_INVALID
    context = {
        "link": link,
        "is_over": click.state in STATUS,
        "into_bot": into_bot(click) if is_open else "",
    }
    return render(
        request,
        "redirects/trouble.html",
        context,
        status=STATUS.get(Link.State(click.state), BROKEN),
    )
