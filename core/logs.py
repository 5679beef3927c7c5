"""Log lines: fields of the work at hand, as JSON or for people, and no secret in any of them.

The code logs with the standard library. What every line of a request, a task or a bot's loop is to
carry is bound once with `bind`; coroutines and threads started through core.aio inherit it.
"""

import logging
import os
import re
import sys
from pathlib import Path
from typing import Any

import structlog
from structlog.contextvars import (
    bind_contextvars,
    bound_contextvars,
    clear_contextvars,
    get_contextvars,
)
from structlog.types import EventDict, Processor, WrappedLogger

FORMATS = ("json", "lines")
PROCESSES = ("gateway", "worker", "beat")
# of those that a caller hands on as `extra`
FIELDS = {"status", "status_code", "ms"}

bind = bind_contextvars
bound = bound_contextvars
clear = clear_contextvars

HIDDEN = "***"
SECRETS = [
    # a bot's token, also in an address
    (re.compile(r"\d{3,20}(?::|%3A)[A-Za-z0-9_-]{30,}"), HIDDEN),
    # Cookie: ...; Authorization: ...; to the end of the string
    (
        re.compile(r"""(?i)(cookie|authorization)(\\?["']?\s*[:=]\s*\\?["']?)[^"'\\\n]+"""),
        r"\1\2***",
    ),
    (
        re.compile(
            r"""(?ix) (passw(?:or)?d|secret|token|api_?key|session_?(?:id|key)|field_keys) (\w{0,20})
            (\\?["']?\s*[:=]\s*\\?["']?) [^\s"'\\,;&]+"""
        ),
        r"\1\2\3***",
    ),
    # postgres://name:password@host
    (re.compile(r"(://[^\s/:@]*:)[^\s/@]+@"), r"\1***@"),
]


def without_secrets(text: str) -> str:
    for pattern, instead in SECRETS:
        text = pattern.sub(instead, text)
    return text


class Formatter(structlog.stdlib.ProcessorFormatter):
    """The last to touch a line: whatever came in, by arguments, fields or a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))


def request_id() -> str | None:
    """Of the request, page or task that this is done for."""
    known: str | None = get_contextvars().get("request_id")
    return known


def process() -> str:
    """What this process is to the one who reads: web, gateway, worker, beat, serve, ..."""
    return next((word for word in sys.argv if word in PROCESSES), Path(sys.argv[0]).stem)


def _name_process(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    event.update(process=process(), pid=os.getpid())
    return event


def _formatter(style: str) -> dict[str, Any]:
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(allow=FIELDS),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if style == "json":
        before.append(_name_process)
        last: list[Processor] = [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ]
    else:
        last = [
            structlog.dev.ConsoleRenderer(
                colors=False, exception_formatter=structlog.dev.plain_traceback
            )
        ]
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    return {"()": Formatter, "foreign_pre_chain": before, "processors": [remove, *last]}


class WithoutTrace(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = None
        return True


def configuration(*, level: str, style: str) -> dict[str, Any]:
    """LOGGING: one line a record to stderr, `style` json or lines."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": _formatter(style)},
        "filters": {"without_trace": {"()": WithoutTrace}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # a line for each page that is not there tells of nothing that is wrong here
            "django.request": {"level": "ERROR"},
            # anybody can send hosts that are not ours: a line each, and no trace of our own calls
            "django.security.DisallowedHost": {"filters": ["without_trace"]},
            "django.server": {"level": "WARNING"},
            "daphne": {"level": "WARNING"},
            "celery": {"level": "WARNING"},
            "axes": {"level": "WARNING"},
            # quotes addresses, and a bot's address holds its token
            "urllib3": {"level": "ERROR"},
        },
    }
