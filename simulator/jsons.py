"""JSON as Telegram writes it: compact, ASCII only, so lone surrogates and NUL travel as escapes."""

from __future__ import annotations

import json
from typing import Any

Json = dict[str, Any]


def dumps(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def without_none(**fields: object) -> Json:
    """The fields that have a value: Telegram leaves absent fields out, it never sends null."""
    return {name: value for name, value in fields.items() if value is not None}
