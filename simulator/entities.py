"""Formatting: Telegram's HTML to plain text with entities, and the entities it finds by itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import Any

from simulator.errors import ApiError, bad_request
from simulator.jsons import Json
from simulator.text import utf16_length

TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "blockquote": "blockquote",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "tg-emoji": "custom_emoji",
}

_TOKEN = re.compile(r"<|&(?:lt|gt|amp|quot|#\d{1,7}|#x[0-9a-fA-F]{1,6});|[^<&]+|&")
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)?([^>]*)>")
_ATTRIBUTE = re.compile(r"""([A-Za-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_FOUND = re.compile(
    r"(?P<url>https?://[^\s<>\"]+[^\s<>\".,;:!?)])"
    r"|(?P<email>[\w.+-]+@[\w-]+\.[\w.-]*\w)"
    r"|(?<![\w/])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?)"
    r"|(?<![\w@])(?P<mention>@[A-Za-z]\w{3,31})"
    r"|(?<![\w#])(?P<hashtag>#\w*[^\W\d]\w*)"
)


@dataclass
class _Open:
    tag: str
    entity: Json
    start: int


def parse_html(source: str) -> tuple[str, list[Json]]:
    """Plain text and entities of `parse_mode=HTML`; raises "can't parse entities" with the offset.

    Source: core.telegram.org/bots/api#html-style; the sentences are those of TDLib's parse_html.
    """
    text: list[str] = []
    entities: list[Json] = []
    open_tags: list[_Open] = []
    units = position = 0
    while position < len(source):
        token = _TOKEN.match(source, position)
        assert token is not None  # the last alternatives take any character
        if token[0] != "<":
            piece = unescape(token[0])
            text.append(piece)
            units += utf16_length(piece)
            position = token.end()
            continue
        position = _read_tag(source, position, units, open_tags, entities)
    if open_tags:
        raise _unparsable(f'Can\'t find end tag corresponding to start tag "{open_tags[-1].tag}"')
    return "".join(text), sorted(entities, key=lambda entity: (entity["offset"], -entity["length"]))


def _read_tag(
    source: str, position: int, units: int, open_tags: list[_Open], entities: list[Json]
) -> int:
    at = len(source[:position].encode())
    tag = _TAG.match(source, position)
    if tag is None:
        raise _unparsable(f"Unclosed start tag at byte offset {at}")
    name = (tag[2] or "").lower()
    if tag[1]:
        _close(name, at, units, open_tags, entities)
    elif name in TAGS:
        open_tags.append(_Open(name, _entity(name, tag[3]), units))
    else:
        raise _unparsable(f'Unsupported start tag "{name}" at byte offset {at}')
    return tag.end()


def _entity(name: str, attributes: str) -> Json:
    values = {key.lower(): a or b or c for key, a, b, c in _ATTRIBUTE.findall(attributes)}
    entity: Json = {"type": TAGS[name]}
    if name == "a":
        entity["url"] = unescape(values.get("href", ""))
    if name == "blockquote" and "expandable" in attributes:
        entity["type"] = "expandable_blockquote"
    if name == "tg-emoji":
        entity["custom_emoji_id"] = values.get("emoji-id", "")
    if name == "code" and values.get("class", "").startswith("language-"):
        entity["language"] = values["class"].removeprefix("language-")
    return entity


def _close(name: str, at: int, units: int, open_tags: list[_Open], entities: list[Json]) -> None:
    if not open_tags:
        raise _unparsable(f"Unexpected end tag at byte offset {at}")
    opened = open_tags.pop()
    if name and name != opened.tag:
        raise _unparsable(
            f'Unmatched end tag at byte offset {at}, expected "</{opened.tag}>", found "</{name}>"'
        )
    entity = opened.entity | {"offset": opened.start, "length": units - opened.start}
    if entity["length"] == 0 or entity.get("url") == "":
        return
    language = entity.pop("language", None) if entity["type"] == "code" else None
    if language and open_tags and open_tags[-1].tag == "pre":
        open_tags[-1].entity["language"] = language
        return
    entities.append(entity)


def _unparsable(reason: str) -> ApiError:
    return bad_request(f"can't parse entities: {reason}")


def given_entities(value: Any) -> list[Json]:
    """The `entities` parameter: a list of objects with type, offset and length, or refused."""
    if not isinstance(value, list):
        raise bad_request("can't parse MessageEntity: expected an Array")
    for entity in value:
        if not isinstance(entity, dict) or not {"type", "offset", "length"} <= set(entity):
            raise bad_request("can't parse MessageEntity: expected type, offset and length")
    return value


def found_entities(text: str) -> list[Json]:
    """Links, addresses, commands, mentions and hashtags: Telegram marks them unasked."""
    return [_found(text, match) for match in _FOUND.finditer(text)]


def _found(text: str, match: re.Match[str]) -> Json:
    return {
        "type": match.lastgroup,
        "offset": utf16_length(text[: match.start()]),
        "length": utf16_length(match[0]),
    }


def merged(given: list[Json], found: list[Json]) -> list[Json]:
    """Both lists in order of offset; a found entity gives way where a given one already is."""
    kept = [entity for entity in found if not any(_overlap(entity, other) for other in given)]
    return sorted(given + kept, key=lambda entity: (entity["offset"], -entity["length"]))


def _overlap(one: Json, other: Json) -> bool:
    return bool(
        one["offset"] < other["offset"] + other["length"]
        and other["offset"] < one["offset"] + one["length"]
    )


def trimmed(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    """The text without white space at both ends, as Telegram keeps it, entities moved along."""
    shift = utf16_length(text) - utf16_length(text.lstrip())
    kept = text.strip()
    end = utf16_length(kept)
    return kept, [moved for entity in entities if (moved := _moved(entity, shift, end))]


def _moved(entity: Json, shift: int, end: int) -> Json | None:
    start = max(entity["offset"] - shift, 0)
    stop = min(entity["offset"] + entity["length"] - shift, end)
    return entity | {"offset": start, "length": stop - start} if stop > start else None
