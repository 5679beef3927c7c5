"""Messages with a file: uploaded with the call, or known by its `file_id`."""

from __future__ import annotations

import secrets
from typing import Any

from simulator.call import Call
from simulator.contents import FILE_KINDS, WITHOUT_CAPTION, file_content
from simulator.entities import found_entities, given_entities, merged, parse_html, trimmed
from simulator.errors import bad_request
from simulator.files import MAX_PHOTO, File
from simulator.jsons import Json, without_none
from simulator.methods.messages import formatted, post, quoted, reply_markup
from simulator.params import Upload
from simulator.text import MAX_CAPTION, clean, utf16_length

GROUPED = {"photo", "video", "document", "audio"}


def send_photo(call: Call) -> Json:
    return _send(call, "photo")


def send_document(call: Call) -> Json:
    return _send(call, "document")


def send_voice(call: Call) -> Json:
    return _send(call, "voice")


def send_video(call: Call) -> Json:
    return _send(call, "video")


def send_audio(call: Call) -> Json:
    return _send(call, "audio")


def send_animation(call: Call) -> Json:
    return _send(call, "animation")


def send_sticker(call: Call) -> Json:
    return _send(call, "sticker")


def _send(call: Call, kind: str) -> Json:
    caption = {} if kind in WITHOUT_CAPTION else _caption(call)
    markup = reply_markup(call)
    chat = call.chat()
    file = _file(call, kind, call.params.get(kind))
    content = file_content(call.bot.id, file, kind)
    return post(call, chat, kind, content | caption | markup | quoted(call, chat))


def send_media_group(call: Call) -> list[Json]:
    """2 to 10 files in separate messages that share a `media_group_id`."""
    items = call.json("media")
    if not isinstance(items, list) or not 2 <= len(items) <= 10:
        raise bad_request("there must be 2-10 media in the group")
    chat = call.chat()
    contents = [_group_item(call, item) for item in items]
    shared = {"media_group_id": str(secrets.randbelow(10**17) + 10**17)} | quoted(call, chat)
    sent = [post(call, chat, kind, content | shared) for kind, content in contents]
    call.entry.message_ids = [body["message_id"] for body in sent]
    return sent


def _group_item(call: Call, item: Any) -> tuple[str, Json]:
    kind = item.get("type") if isinstance(item, dict) else None
    if kind not in GROUPED:
        raise bad_request("can't parse InputMedia: type must be photo, video, document or audio")
    content = file_content(call.bot.id, _file(call, kind, item.get("media")), kind)
    return kind, content | _item_caption(item)


def _item_caption(item: Json) -> Json:
    text = clean(str(item.get("caption") or ""))
    entities: list[Json] = []
    if str(item.get("parse_mode") or "").lower() == "html":
        text, entities = parse_html(text)
    elif item.get("caption_entities"):
        entities = given_entities(item["caption_entities"])
    return _caption_fields(*trimmed(text, entities))


def _caption(call: Call) -> Json:
    text, entities = formatted(call, "caption", "caption_entities")
    return _caption_fields(text, entities)


def _caption_fields(text: str, entities: list[Json]) -> Json:
    if utf16_length(text) > MAX_CAPTION:
        raise bad_request("message caption is too long")
    marked = merged(entities, found_entities(text))
    return without_none(caption=text or None, caption_entities=marked or None)


def _file(call: Call, kind: str, value: Any) -> File:
    """The file of a parameter: an upload, `attach://` one, or a `file_id` of this bot."""
    if isinstance(value, str) and value.startswith("attach://"):
        value = call.params.get(value.removeprefix("attach://"))
    if isinstance(value, Upload):
        return _stored(call, kind, value)
    if not isinstance(value, str) or not value:
        raise bad_request(f"there is no {kind} in the request")
    if value.startswith(("http://", "https://")):
        # This server never leaves the machine, so every address fails as an unreachable one does.
        raise bad_request("failed to get HTTP URL content")
    return call.world.files.by_file_id(call.bot.id, value)


def _stored(call: Call, kind: str, upload: Upload) -> File:
    if not upload.data:
        raise bad_request("file must be non-empty")
    if kind == "photo" and len(upload.data) > MAX_PHOTO:
        raise bad_request(
            f"file of size {len(upload.data)} bytes is too big for a photo; "
            f"the maximum size is {MAX_PHOTO} bytes"
        )
    mime = upload.mime if "/" in upload.mime else FILE_KINDS[kind][1]
    return call.world.files.add(kind, upload.name, mime, upload.data)
