"""Files people and bots send: kept in memory, named per bot, served under a path."""

from __future__ import annotations

import base64
import secrets
import struct
import zlib
from dataclasses import dataclass, field
from functools import lru_cache

from simulator.errors import bad_request
from simulator.jsons import Json

MAX_DOWNLOAD = 20 * 1024 * 1024
MAX_UPLOAD = 50 * 1024 * 1024
MAX_PHOTO = 10 * 1024 * 1024
SAMPLE_WIDTH, SAMPLE_HEIGHT = 160, 100

FOLDERS = {"photo": "photos", "voice": "voice", "video": "videos", "sticker": "stickers"}


@dataclass
class File:
    unique_id: str
    kind: str
    name: str
    mime: str
    data: bytes

    @property
    def path(self) -> str:
        return f"{FOLDERS.get(self.kind, 'documents')}/{self.unique_id}/{self.name}"

    def reference(self, bot_id: int) -> Json:
        """The fields every kind of file has; `file_id` is valid for that bot alone."""
        return {
            "file_id": file_id(bot_id, self.unique_id),
            "file_unique_id": self.unique_id,
            "file_size": len(self.data),
        }


@dataclass
class FileStore:
    all: dict[str, File] = field(default_factory=dict)

    def add(self, kind: str, name: str, mime: str, data: bytes) -> File:
        safe_name = name.replace("/", "_").replace("\\", "_").strip(". ") or "file"
        file = File(secrets.token_urlsafe(9), kind, safe_name, mime, data)
        self.all[file.unique_id] = file
        return file

    def by_file_id(self, bot_id: int, value: str) -> File:
        """Raises Telegram's "wrong file identifier" for one of another bot or of nobody."""
        owner, unique_id = _split(value)
        file = self.all.get(unique_id)
        if file is None or owner != str(bot_id):
            raise bad_request("wrong file identifier/HTTP URL specified")
        return file

    def by_path(self, path: str) -> File | None:
        parts = path.split("/")
        file = self.all.get(parts[1]) if len(parts) == 3 else None
        return file if file is not None and file.path == path else None


def file_id(bot_id: int, unique_id: str) -> str:
    return base64.urlsafe_b64encode(f"{bot_id}.{unique_id}".encode()).decode().rstrip("=")


def _split(value: str) -> tuple[str, str]:
    try:
        padded = value + "=" * (-len(value) % 4)
        owner, _, unique_id = base64.urlsafe_b64decode(padded.encode()).decode().partition(".")
    except ValueError:
        return "", ""
    return owner, unique_id


@lru_cache(maxsize=8)
def sample_png(hue: int, width: int = SAMPLE_WIDTH, height: int = SAMPLE_HEIGHT) -> bytes:
    """A soft gradient from `hue` (0 to 110): a picture without carrying pictures along."""
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            rows += bytes((70 + hue + y // 3, 110 + x // 3, 200 - hue + (x + y) // 6))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (_chunk(b"IHDR", header), _chunk(b"IDAT", zlib.compress(bytes(rows))), _chunk(b"IEND", b""))
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)
