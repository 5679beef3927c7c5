"""What a visitor's request says of him: parsed, cut to the limits, never trusted.

Plain data in, plain data out. No rows, no clock.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address, ip_network
from urllib.parse import parse_qsl

from core.text import storable

PARAMS = 50
NAME = 64
VALUE = 512
TOTAL = 4096  # bytes of UTF-8, names and values
# Of the query as it came; percent-encoding makes three of one.
QUERY = 3 * TOTAL
USER_AGENT = 512
REFERRER = 512
LANGUAGE = 64
PURPOSES = ("sec-purpose", "purpose", "x-purpose", "x-moz")
UTM = ("source", "medium", "campaign", "term", "content")

VISIT, HEAD, PREFETCH, ROBOT, CROWD = "visit", "head", "prefetch", "robot", "crowd"
# Link previews, crawlers and programs name themselves; those that do not are counted as people.
# (A Cubot is a telephone.)
ROBOTS = re.compile(
    r"(?<!cu)bot\b|crawl|spider|slurp|preview|scan|monitor|facebookexternalhit|facebot"
    r"|whatsapp/|vkshare|embedly|headless|curl/|wget/|python|go-http|okhttp|java/|axios|node-fetch",
    re.IGNORECASE,
)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(slots=True)
class Visit:
    """`ip`: as text, None if it is not known. `params`: [name, value] in the order of the address,
    the UTM fields apart in `utm` by their short names. `is_cut`: there was more than is kept."""

    kind: str = VISIT
    ip: str | None = None
    user_agent: str = ""
    language: str = ""
    referrer: str = ""
    params: list[list[str]] = field(default_factory=list)
    utm: dict[str, str] = field(default_factory=dict)
    is_cut: bool = False


def visit(
    *, method: str, peer: str, query: bytes, headers: Mapping[str, str], proxies: int = 0
) -> Visit:
    """`headers`: by lower-case name; those that come several times joined by commas. `peer`: whose
    connection it is. `proxies`: how many of our own stand before us and add to X-Forwarded-For."""
    user_agent = line(headers.get("user-agent", ""), USER_AGENT)
    params, utm, is_cut = _params(query)
    return Visit(
        kind=_kind(method, user_agent, headers),
        ip=address(peer, headers.get("x-forwarded-for", ""), proxies),
        user_agent=user_agent,
        language=line(headers.get("accept-language", ""), LANGUAGE),
        referrer=line(headers.get("referer", ""), REFERRER),
        params=params,
        utm=utm,
        is_cut=is_cut,
    )


def line(text: str, longest: int) -> str:
    """One line that can be kept. What is no character of a line becomes U+FFFD."""
    text = text[:longest]
    if text.isascii() and text.isprintable():  # almost always: then there is nothing to be done
        return text
    return CONTROL.sub("\ufffd", storable(text))


def _kind(method: str, user_agent: str, headers: Mapping[str, str]) -> str:
    if method == "HEAD":
        return HEAD
    purposes = " ".join([headers[name] for name in PURPOSES if name in headers]).lower()
    if "prefetch" in purposes or "preview" in purposes:
        return PREFETCH
    return ROBOT if _is_robot(user_agent) else VISIT


@lru_cache(4096)
def _is_robot(user_agent: str) -> bool:
    return not user_agent or ROBOTS.search(user_agent) is not None


# ---------------------------------------------------------------- whose address


def address(peer: str, forwarded: str, proxies: int) -> str | None:
    """The visitor's IP: the entry of X-Forwarded-For that the outermost of our proxies has added.

    What stands further left was sent by the visitor and says nothing. With fewer entries than
    proxies somebody came past them: then it is the connection's own.
    """
    entries = [entry for entry in forwarded.split(",") if entry.strip()] if proxies else []
    return _ip(entries[-proxies] if proxies and len(entries) >= proxies else peer)


@lru_cache(4096)
def _ip(text: str) -> str | None:
    """Without port and brackets; an IPv4 address in IPv6's clothes is an IPv4 address."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return str(getattr(found, "ipv4_mapped", None) or found)


def household(ip: str) -> str:
    """Whom the address belongs to: itself for IPv4; of IPv6, where one visitor has as many addresses
    as he likes, its first 64 bits."""
    return ip if "." in ip else str(ip_network(f"{ip}/64", strict=False).network_address)


def shortened(ip: str) -> str:
    """The network: the first 24 bits of IPv4, the first 48 of IPv6."""
    bits = 24 if ip_address(ip).version == 4 else 48
    return str(ip_network(f"{ip}/{bits}", strict=False).network_address)


# ---------------------------------------------------------------- parameters


@lru_cache(256)  # the visitors of a campaign bring mostly the same
def _params(query: bytes) -> tuple[list[list[str]], dict[str, str], bool]:
    """What is beyond a limit is left out or shortened; what came first stays. For reading only:
    others are given the same."""
    text = query[:QUERY].decode("ascii", "replace")
    pairs = parse_qsl(text, keep_blank_values=True, errors="replace")
    kept, size, is_cut = [], 0, len(query) > QUERY or len(pairs) > PARAMS
    for name, value in pairs[:PARAMS]:
        pair = [line(name, NAME), line(value, VALUE)]
        is_cut = is_cut or len(name) > NAME or len(value) > VALUE
        size += len(pair[0].encode()) + len(pair[1].encode())
        if size > TOTAL:
            is_cut = True
            break
        kept.append(pair)
    params: list[list[str]] = []
    utm: dict[str, str] = {}
    for pair in kept:
        short = _utm_name(pair[0])
        if short:  # of several the first: no report could tell them apart
            utm.setdefault(short, pair[1])
        else:
            params.append(pair)
    return params, utm, is_cut


def _utm_name(name: str) -> str:
    """ "" if it is none."""
    name = name.lower()
    short = name.removeprefix("utm_")
    return short if short != name and short in UTM else ""
