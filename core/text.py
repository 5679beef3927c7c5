"""Text as Telegram counts it and as PostgreSQL can keep it."""


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units, the unit of Telegram's limits and entity offsets."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def storable(text: str) -> str:
    """The text without what PostgreSQL refuses: NUL, and surrogates that stand alone.

    Each becomes U+FFFD, so nothing silently joins up and lengths stay the same.
    """
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\x00", "\ufffd")
