"""Somebody opens a link: what is noted of him, and where he is led. Both doors, the ASGI edge and the
view behind it, do the same by these functions."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from urllib.parse import quote

from django.conf import settings

from redirects import capture
from redirects.actions.clicks import NewClick
from redirects.queries import LEADS_ON, Place, Way, state_by

# So many visits of one address in a minute count; the rest are led on all the same.
A_MINUTE = 60
# Addresses that are told apart at a time; with more of them the counting begins anew.
ADDRESSES = 100_000

HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


class Crowd:
    """How often each address was seen in the present minute, in this process's memory. Threads need
    no lock: at worst one visit too many counts."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.minute = 0
        self.seen: dict[str, int] = {}

    def is_full(self, ip: str) -> bool:
        """Count one more."""
        minute = int(self.clock() // 60)
        if minute != self.minute or len(self.seen) >= ADDRESSES:
            self.minute, self.seen = minute, {}
        name = capture.household(ip)
        count = self.seen[name] = self.seen.get(name, 0) + 1
        return count > A_MINUTE


crowd = Crowd()


def opened(
    way: Way,
    place: Place,
    at: datetime,
    *,
    method: str,
    peer: str,
    query: bytes,
    headers: Mapping[str, str],
) -> NewClick:
    """The click, not stored yet. `headers`: by lower-case name, those that come several times joined
    by commas. `peer`: whose connection it is."""
    visit = capture.visit(
        method=method, peer=peer, query=query, headers=headers, proxies=settings.TRUSTED_PROXIES
    )
    if visit.kind == capture.VISIT and visit.ip and crowd.is_full(visit.ip):
        visit.kind = capture.CROWD
    if not (settings.CLICK_IPS and place.keeps_ips):
        visit.ip = None
    return NewClick(way.link, at, visit, state_by(way, place, at))


def leads_on(click: NewClick) -> bool:
    return click.state in LEADS_ON


def into_bot(place: Place, click: NewClick) -> str:
    return f"{_bot(settings.TELEGRAM_LINK_BASE, place.username)}?start={click.ticket}"


@lru_cache(1024)
def _bot(base: str, username: str) -> str:
    return f"{base}/{quote(username, safe='')}"
