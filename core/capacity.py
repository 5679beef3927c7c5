"""Sizes and times that cannot work together are named at start, as in core/checks.py."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connection

AT_LEAST_ONE = ("DB_POOL_SIZE", "DB_THREADS")
LONGER_THAN_NOTHING = (
    *("BEAT_SECONDS", "LEASE_SECONDS", "SWEEP_SECONDS", "PULSE_SECONDS"),
    *("BOT_LEASE_SECONDS", "SEND_SECONDS", "UPDATE_HOURS"),
)
POOLS = 3  # of web, gateway and worker; beat has one connection


@register()
def check_sizes(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    for name in AT_LEAST_ONE:
        if getattr(settings, name) < 1:
            yield Error(
                f"{name} is {getattr(settings, name)}: it must be 1 at least.", id="core.E030"
            )
    if 0 < settings.DB_POOL_SIZE < settings.DB_THREADS:
        yield Error(
            f"DB_POOL_SIZE is {settings.DB_POOL_SIZE} but DB_THREADS {settings.DB_THREADS}: "
            "threads would wait for each other's connections.",
            hint="Give each thread a connection, and leave some for pages and tasks.",
            id="core.E031",
        )


@register()
def check_times(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    for name in LONGER_THAN_NOTHING:
        if getattr(settings, name) <= 0:
            yield Error(f"{name} is {getattr(settings, name)}: it must be above 0.", id="core.E032")
    if settings.LEASE_SECONDS <= settings.BEAT_SECONDS:
        yield Error(
            f"LEASE_SECONDS ({settings.LEASE_SECONDS:g}) ends before a page says again that it is "
            f"there (BEAT_SECONDS, {settings.BEAT_SECONDS:g}).",
            hint="Three beats are a good lease: two may be lost.",
            id="core.E033",
        )


@register(Tags.database)
def check_connections(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> Iterable[CheckMessage]:
    """Asks the server; runs with `migrate` and with `check --database default`."""
    if "default" not in (databases or ()) or connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('max_connections')::int"
            " - current_setting('superuser_reserved_connections')::int"
        )
        [(room,)] = cursor.fetchall()
    wanted = POOLS * settings.DB_POOL_SIZE + 1
    if room < wanted:
        yield Warning(
            f"PostgreSQL has room for {room} connections, and one web, gateway, worker and beat may "
            f"open {wanted}.",
            hint="Raise max_connections, or lower DB_POOL_SIZE (and DB_THREADS).",
            id="core.W034",
        )
