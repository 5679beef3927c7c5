"""Opening a link as a visitor does: one request to our own public address, and not a step further.

The address is made of PUBLIC_URL and the link's code; nothing that anybody entered is in it.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.urls import reverse

from redirects.models import CHECKER, Link

CONNECT_SECONDS, READ_SECONDS = 3.0, 5.0
PAGES = {410, 503}

Check = Link.Check


@dataclass(frozen=True)
class Found:
    """`detail`: the status, where it leads, or what is wrong with the connection."""

    state: Link.Check
    detail: str = ""


def look(link: Link) -> Found:
    """What its address answers. Needs project and bot loaded."""
    session = requests.Session()
    session.trust_env = False  # a visitor knows none of our proxies
    with session:
        try:
            with session.get(
                settings.PUBLIC_URL + reverse("redirects:follow", args=[link.code]),
                headers={"User-Agent": CHECKER},
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
            ) as answer:
                return _judged(link, answer.status_code, answer.headers.get("Location", ""))
        except requests.RequestException as error:
            return Found(Check.UNREACHABLE, _why(error))


def _judged(link: Link, status: int, location: str) -> Found:
    bot = getattr(link.project, "bot", None)
    if status == 302:
        if bot and location.startswith(f"{settings.TELEGRAM_LINK_BASE}/{bot.username}?start="):
            return Found(Check.LEADS, f"@{bot.username}")
        return Found(Check.WRONG, str(urlsplit(location).hostname or "")[:200])
    return Found(Check.NOWHERE if status in PAGES else Check.WRONG, str(status))


def _why(error: requests.RequestException) -> str:
    """Its kind alone: the words of libraries hold addresses of this machine."""
    if isinstance(error, requests.exceptions.SSLError):
        return "certificate"
    return "timeout" if isinstance(error, requests.exceptions.Timeout) else "connection"
