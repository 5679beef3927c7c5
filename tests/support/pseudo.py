"""A language in which every text that was marked for translation stands between two signs, so that
what was not marked can be seen on a page."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.utils import translation

BEGIN, END = "\ue000", "\ue001"
# Without anything marked within them; the outer ones follow when the inner ones are gone.
MARKED = re.compile(f"{BEGIN}[^{BEGIN}{END}]*{END}")
SAID = ("title", "aria-label", "placeholder", "alt")
# Not read: programs, codes to be copied, and the names of all time zones.
UNREAD = {"script", "style", "code", "kbd", "datalist"}


def speak(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on, whatever language is active."""
    languages: Any = translation
    for name in ("gettext", "ngettext", "pgettext", "npgettext"):
        translated = getattr(languages._trans, name)
        monkeypatch.setattr(languages._trans, name, _marking(translated))


def _marking(translated: Any) -> Any:
    return lambda *args: f"{BEGIN}{translated(*args)}{END}"


def unmarked(html: str) -> list[str]:
    """The texts of a page that were not translated; user content is among them."""
    while MARKED.search(html):
        html = MARKED.sub("", html)
    reader = _Reader()
    reader.feed(html)
    return [" ".join(text.split()) for text in reader.texts if text.strip()]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in UNREAD:
            self.inside.append(tag)
        self.texts += [value or "" for name, value in attrs if name in SAID]

    def handle_endtag(self, tag: str) -> None:
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if not self.inside:
            self.texts.append(data)
