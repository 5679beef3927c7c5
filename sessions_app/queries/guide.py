"""The guide for people: docs/guide/*.md as pages. Read once a process; HTML in it is not let through."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.urls import reverse
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.token import Token

FOLDER = Path(settings.BASE_DIR, "docs", "guide")
# In the order of the page's list; the first is the one people come to.
NAMES = ("README", "troubleshooting", "checks", "rules", "questions")
LINK = re.compile(r"(\w+)\.md(#[\w-]+)?")
# Read beside the guide; here the page that it is about takes its place.
BESIDE = {"../doctor.md": "insights:home"}


@dataclass(frozen=True)
class Heading:
    """`level`: 2 or 3. `anchor`: its id on the page."""

    level: int
    anchor: str
    title: str


@dataclass(frozen=True)
class Guide:
    """One page, ready to be shown."""

    name: str
    title: str
    html: str
    headings: tuple[Heading, ...]


@cache
def guide(name: str) -> Guide:
    """One of NAMES. Anchors are those that readers of the files on their own get, too."""
    markdown = MarkdownIt("commonmark", {"html": False})
    tokens = markdown.parse(Path(FOLDER, f"{name}.md").read_text(encoding="utf-8"))
    title, *headings = [_anchored(tokens, place) for place, token in _openings(tokens)]
    for token in tokens:
        for child in token.children or ():
            if child.type == "link_open":
                child.attrs["href"] = _address(str(child.attrs["href"]))
    html = str(markdown.renderer.render(tokens, markdown.options, {}))
    return Guide(name, title.title, html, tuple(headings))


def address(name: str) -> str:
    return reverse(f"sessions:guide_{name.lower()}")


def of_rule(code: str) -> str:
    """The section on a rule of routing, by its code."""
    return f"{address('rules')}#{code.replace('_', '-')}"


def _openings(tokens: list[Token]) -> list[tuple[int, Token]]:
    return [(place, token) for place, token in enumerate(tokens) if token.type == "heading_open"]


def _anchored(tokens: list[Token], place: int) -> Heading:
    opening, title = tokens[place], tokens[place + 1].content
    anchor = slugify(title)
    opening.attrs["id"] = anchor
    return Heading(int(opening.tag[1:]), anchor, title)


def _address(href: str) -> str:
    """Links between the files become links between the pages."""
    if href in BESIDE:
        return reverse(BESIDE[href])
    found = LINK.fullmatch(href)
    return address(found[1]) + (found[2] or "") if found else href
