"""Somebody opens a link: what is noted of him, and where he is led. Both doors, the ASGI edge and the
view behind it, do the same by these functions."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote

from django.conf import settings

from redirects import capture
from redirects.actions import clicks
from redirects.models import Click
from redirects.queries import LEADS_ON, Place, Way, state_by

HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


def opened(
    way: Way,
    place: Place,
    at: datetime,
    *,
    method: str,
    peer: str,
    query: bytes,
    headers: Mapping[str, str],
) -> Click:
    """The click, not stored yet. `headers`: by lower-case name, those that come several times joined
    by commas. `peer`: whose connection it is."""
    keeps_ips = settings.CLICK_IPS and place.keeps_ips
    visit = capture.visit(
        method=method,
        peer=peer if keeps_ips else "",
        query=query,
        headers=headers,
        proxies=settings.TRUSTED_PROXIES if keeps_ips else 0,
    )
    return clicks.click(link=way.link, at=at, visit=visit, state=state_by(way, place, at))


def leads_on(click: Click) -> bool:
    return click.state in LEADS_ON


def into_bot(place: Place, click: Click) -> str:
    return f"{settings.TELEGRAM_LINK_BASE}/{quote(place.username, safe='')}?start={click.ticket}"
