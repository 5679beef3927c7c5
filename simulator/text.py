"""Text as Telegram counts and cleans it: lengths and offsets are in UTF-16 code units."""

from __future__ import annotations

MAX_TEXT = 4096
MAX_CAPTION = 1024

# TDLib's clean_input_string: control characters become spaces, carriage returns vanish.
_CLEANED = {code: " " for code in range(32) if chr(code) not in "\t\n"} | {ord("\r"): ""}


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def clean(text: str) -> str:
    return text.translate(_CLEANED)


def is_utf8(text: str) -> bool:
    """False for a lone surrogate, the only thing a Python string can hold and UTF-8 cannot."""
    return not any("\ud800" <= char <= "\udfff" for char in text)
