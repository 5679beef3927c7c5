"""What a message carries besides text: the fields of each kind of file, contact, and place."""

from __future__ import annotations

from simulator.files import SAMPLE_HEIGHT, SAMPLE_WIDTH, File
from simulator.jsons import Json

FILE_KINDS = {
    "photo": ("photo.png", "image/png"),
    "document": ("notes.txt", "text/plain"),
    "voice": ("voice.ogg", "audio/ogg"),
    "video": ("video.mp4", "video/mp4"),
    "audio": ("song.mp3", "audio/mpeg"),
    "animation": ("animation.mp4", "video/mp4"),
    "sticker": ("sticker.webp", "image/webp"),
}
WITHOUT_CAPTION = {"sticker"}

CONTACT = {"phone_number": "+4930123456", "first_name": "Erika", "last_name": "Muster"}
LOCATION = {"latitude": 52.520008, "longitude": 13.404954}


def file_content(bot_id: int, file: File, kind: str) -> Json:
    """The Message fields of one file: `{"photo": [PhotoSize, …]}`, `{"document": Document}`, …"""
    reference = file.reference(bot_id)
    sized = {"width": SAMPLE_WIDTH, "height": SAMPLE_HEIGHT}
    named = {"file_name": file.name, "mime_type": file.mime}
    match kind:
        case "photo":
            return {"photo": [reference | sized]}
        case "document":
            return {"document": reference | named}
        case "voice":
            return {"voice": reference | {"duration": 3, "mime_type": file.mime}}
        case "audio":
            return {"audio": reference | named | {"duration": 180, "title": "Song"}}
        case "sticker":
            return {"sticker": reference | _sticker(sized)}
        case "animation":
            # Telegram sends an animation as a document as well, for clients that do not know it.
            video = reference | named | sized | {"duration": 2}
            return {"animation": video, "document": reference | named}
        case _:
            return {kind: reference | named | sized | {"duration": 5}}


def _sticker(sized: Json) -> Json:
    return sized | {"type": "regular", "is_animated": False, "is_video": False, "emoji": "👍"}


def kind_of(body: Json) -> str:
    """The kind of a Message by the fields it has; "text" for one without any of them."""
    kinds = ("animation", *FILE_KINDS, "contact", "location")
    return next((kind for kind in kinds if kind in body), "text")
