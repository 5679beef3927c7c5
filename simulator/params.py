"""The parameters of a Bot API call, from the query and any of the body forms Telegram takes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from simulator.errors import ApiError, bad_request
from simulator.files import MAX_UPLOAD
from simulator.jsons import Json
from simulator.text import is_utf8

NOT_UTF8 = "strings must be encoded in UTF-8"


@dataclass
class Upload:
    """A file that came with the call."""

    name: str
    mime: str
    data: bytes

    def as_json(self) -> Json:
        return {"file_name": self.name, "size": len(self.data)}


async def read_params(request: web.Request) -> Json:
    """Query, JSON, form and multipart together; values as they came, files as `Upload`."""
    params: Json = dict(request.query)
    try:
        if request.content_type == "application/json":
            params |= await _read_json(request)
        else:
            params |= {name: _value(value) for name, value in (await request.post()).items()}
    except web.HTTPRequestEntityTooLarge:
        raise ApiError(413, "Request Entity Too Large") from None
    except UnicodeDecodeError:
        raise bad_request(NOT_UTF8) from None
    if not all(_is_clean(value) for value in params.values()):
        raise bad_request(NOT_UTF8)
    return params


async def _read_json(request: web.Request) -> Json:
    body = await request.read()
    if not body:
        return {}
    try:
        value = json.loads(body)
    except UnicodeDecodeError:
        raise
    except ValueError:
        raise bad_request("can't parse JSON object") from None
    if not isinstance(value, dict):
        raise bad_request("can't parse JSON object")
    return value


def _value(value: str | bytes | bytearray | web.FileField) -> Any:
    if isinstance(value, web.FileField):
        return _upload(value)
    return value if isinstance(value, str) else bytes(value).decode()


def _upload(value: web.FileField) -> Upload:
    data = value.file.read()
    if len(data) > MAX_UPLOAD:
        raise ApiError(413, "Request Entity Too Large")
    return Upload(value.filename, value.content_type or "application/octet-stream", data)


def _is_clean(value: object) -> bool:
    if isinstance(value, str):
        return is_utf8(value)
    if isinstance(value, dict):
        return all(is_utf8(str(key)) and _is_clean(inner) for key, inner in value.items())
    return not isinstance(value, list) or all(_is_clean(inner) for inner in value)


def journalled(params: Json) -> Json:
    """The parameters for the journal: files by name and size."""
    return {
        name: value.as_json() if isinstance(value, Upload) else value
        for name, value in params.items()
    }
