"""What a browser's words and an address say, read after the visitor has gone on.

Both are guesses: a browser says what it likes, and a network's country is the registry's.
"""

from dataclasses import dataclass
from typing import Any

from iptocc import country_code
from ua_parser import parse

LENGTH = 64


@dataclass(frozen=True, slots=True)
class Reading:
    """`browser`, `system`, `device`: for people, such as "Firefox 140", "iOS 17.0", "Apple iPhone";
    empty where it is not known. `country`: two letters of ISO 3166-1."""

    browser: str = ""
    system: str = ""
    device: str = ""
    country: str = ""


def read(user_agent: str, ip: str | None) -> Reading:
    found = parse(user_agent)
    browser, system, device = found.user_agent, found.os, found.device
    return Reading(
        browser=_named(browser, browser.major) if browser else "",
        system=_named(system, system.major, system.minor) if system else "",
        device=_device(device),
        country=(country_code(ip) or "") if ip else "",
    )


def _named(thing: Any, *numbers: str | None) -> str:
    version = ".".join(number for number in numbers if number)
    return f"{thing.family} {version}".strip()[:LENGTH]


def _device(device: Any) -> str:
    """Maker and model; of those whose maker is not known, the family."""
    if device is None:
        return ""
    name = f"{device.brand} {device.model}" if device.brand and device.model else device.family
    return str(name)[:LENGTH]
