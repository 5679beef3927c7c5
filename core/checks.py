"""Misconfiguration is named at start, with an id and a hint, not met in the middle of the night."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.http.request import validate_host
from django.utils.module_loading import import_string

from core import crash
from core.logs import FORMATS

MINIMUM_SECRET = 32


@register()
def check_field_keys(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    if not settings.FIELD_KEYS:
        yield Error(
            "FIELD_KEYS is empty: bot tokens could not be encrypted.",
            hint="Make a key with `python -c 'from cryptography.fernet import Fernet; "
            "print(Fernet.generate_key().decode())'`.",
            id="core.E001",
        )
    for place, key in enumerate(settings.FIELD_KEYS, start=1):
        if not _is_fernet_key(key):
            yield Error(
                f"Key {place} of FIELD_KEYS is no Fernet key.",
                hint="A key is 32 bytes in url-safe base64: 44 characters.",
                id="core.E002",
            )


def _is_fernet_key(key: str) -> bool:
    try:
        Fernet(key)
    except ValueError:
        return False
    return True


@register()
def check_secret_key(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    if len(settings.SECRET_KEY) < MINIMUM_SECRET:
        yield Error(
            f"SECRET_KEY has fewer than {MINIMUM_SECRET} characters.",
            hint="Anyone who guesses it can sign in as anybody.",
            id="core.E003",
        )


@register()
def check_clock_shift(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    if settings.CLOCK_SHIFT and not settings.TESTING:
        yield Error(
            "CLOCK_SHIFT moves the clock and is for tests only.",
            hint="Remove it from the environment.",
            id="core.E004",
        )


@register()
def check_crash_at(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    if settings.CRASH_AT and not settings.TESTING:
        yield Error(
            "CRASH_AT has processes die and is for tests only.",
            hint="Remove it from the environment.",
            id="core.E010",
        )
    elif settings.CRASH_AT and settings.CRASH_AT not in crash.POINTS:
        yield Error(
            f"CRASH_AT names an unknown point: {settings.CRASH_AT!r}.",
            hint="The points are listed in core/crash.py.",
            id="core.E011",
        )


@register()
def check_ports(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    for name, path in settings.PORTS.items():
        try:
            import_string(path)
        except ImportError as error:
            yield Error(f"Port {name} cannot be wired: {error}", id="core.E005")


@register()
def check_telegram_bases(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    for name in ("TELEGRAM_API_BASE", "TELEGRAM_LINK_BASE"):
        if not _is_base_address(getattr(settings, name)):
            yield Error(
                f"{name} is no http(s) address: {getattr(settings, name)!r}.",
                hint="For Telegram itself leave it out.",
                id="core.E006",
            )


def _is_base_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
        has_port = parts.port is None or parts.port > 0  # raises for what is none
    except ValueError:
        return False
    is_web = parts.scheme in {"http", "https"} and bool(parts.hostname)
    return is_web and has_port and not parts.query


# https://core.telegram.org/bots/api#setwebhook
WEBHOOK_PORTS = {443, 80, 88, 8443}


@register()
def check_public_url(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    if not settings.PUBLIC_URL:
        return
    if not _is_base_address(settings.PUBLIC_URL) or urlsplit(settings.PUBLIC_URL).path:
        yield Error(
            f"PUBLIC_URL is no address of a host: {settings.PUBLIC_URL!r}.",
            hint="It holds no path: https://help.example.com",
            id="core.E020",
        )
    elif not _is_on_loopback(settings.TELEGRAM_API_BASE):
        yield from _what_telegram_refuses()


def _what_telegram_refuses() -> Iterable[CheckMessage]:
    parts = urlsplit(settings.PUBLIC_URL)
    if parts.scheme != "https":
        yield Error(
            "PUBLIC_URL is not https: Telegram delivers to nothing else.",
            hint="Put a proxy with a certificate in front, or leave PUBLIC_URL out.",
            id="core.E021",
        )
    if (parts.port or 443) not in WEBHOOK_PORTS:
        yield Error(
            f"PUBLIC_URL has port {parts.port}: Telegram delivers to 443, 80, 88 and 8443 alone.",
            id="core.E022",
        )
    if not validate_host(str(parts.hostname), settings.ALLOWED_HOSTS):
        yield Error(
            f"PUBLIC_URL names a host that ALLOWED_HOSTS does not: {parts.hostname}.",
            hint="What Telegram delivers would be refused.",
            id="core.E023",
        )


def _is_on_loopback(address: str) -> bool:
    """The simulator: it reaches us without TLS, and never leaves this machine."""
    return urlsplit(address).hostname in {"127.0.0.1", "::1", "localhost"}


@register()
def check_shape(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3") and settings.REDIS_URL:
        yield Error(
            "REDIS_URL is set but the database is SQLite.",
            hint="Several processes need PostgreSQL: set DATABASE_URL, or leave REDIS_URL out.",
            id="core.E007",
        )


@register(deploy=True)
def check_several_processes(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    if not settings.REDIS_URL:
        yield Error(
            "REDIS_URL is not set: processes could not hint each other.",
            hint="Only the one-process shape of ./run works without Redis.",
            id="core.E008",
        )


@register()
def check_kicks(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    for kind in set(settings.KICKS) - {"task", "hint"}:
        yield Error(
            f"KICKS names an unknown kind: {kind!r}.",
            hint="Leave it out, or list task, hint or both.",
            id="core.E009",
        )


@register()
def check_log_format(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    if settings.LOG_FORMAT not in FORMATS:
        yield Error(
            f"LOG_FORMAT is none that there is: {settings.LOG_FORMAT!r}.",
            hint=f"One of: {', '.join(FORMATS)}.",
            id="core.E012",
        )


# Below these something would be forgotten that is still asked for.
KEPT_AT_LEAST = {"UPDATE_HOURS": 24, "CALL_DAYS": 3, "EVENT_DAYS": 0.01, "EVENT_COUNT": 100}


@register()
def check_retention(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    for name, least in KEPT_AT_LEAST.items():
        if getattr(settings, name) < least:
            yield Error(
                f"{name} is less than {least}.",
                hint="See docs/retention.md for what it keeps.",
                id="core.E013",
            )


SECURITIES = ("starttls", "tls", "none")


@register()
def check_mail(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    if settings.EMAIL_SECURITY not in SECURITIES:
        yield Error(
            f"EMAIL_SECURITY is none that there is: {settings.EMAIL_SECURITY!r}.",
            hint=f"One of: {', '.join(SECURITIES)}.",
            id="core.E050",
        )
    if settings.EMAIL_HOST and "@" not in settings.DEFAULT_FROM_EMAIL:
        yield Error(
            f"EMAIL_FROM holds no address: {settings.DEFAULT_FROM_EMAIL!r}.",
            hint="As in: TG-Staff <alarms@example.com>",
            id="core.E051",
        )
