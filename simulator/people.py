"""Bots, people, and the private chat between one of each."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from simulator.jsons import Json, without_none
from simulator.updates import UpdateQueue

KINDS_ONLY_ON_REQUEST = {"chat_member", "message_reaction", "message_reaction_count"}


@dataclass
class Webhook:
    url: str
    secret: str = ""
    max_connections: int = 40
    last_error_at: int | None = None
    last_error: str | None = None


@dataclass
class Bot:
    id: int
    token: str
    username: str
    name: str
    queue: UpdateQueue = field(default_factory=UpdateQueue)
    webhook: Webhook | None = None
    allowed_updates: list[str] = field(default_factory=list)
    commands: list[Json] = field(default_factory=list)

    def as_user(self) -> Json:
        return {
            "id": self.id,
            "is_bot": True,
            "first_name": self.name,
            "username": self.username,
        }

    def wants(self, kind: str) -> bool:
        """By `allowed_updates`; empty means all but the kinds that come only if asked for."""
        if not self.allowed_updates:
            return kind not in KINDS_ONLY_ON_REQUEST
        return kind in self.allowed_updates

    def as_json(self) -> Json:
        return {
            "id": self.id,
            "token": self.token,
            "username": self.username,
            "name": self.name,
            "webhook": self.webhook.url if self.webhook else None,
            "waiting": len(self.queue.waiting),
            "is_polled": self.queue.poller is not None,
        }


@dataclass
class Person:
    id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None
    is_deactivated: bool = False

    def as_user(self) -> Json:
        return without_none(
            id=self.id,
            is_bot=False,
            first_name=self.first_name,
            last_name=self.last_name,
            username=self.username,
            language_code=self.language_code,
        )

    def as_chat(self) -> Json:
        return without_none(
            id=self.id,
            first_name=self.first_name,
            last_name=self.last_name,
            username=self.username,
            type="private",
        )

    def as_json(self) -> Json:
        return self.as_user() | {"is_deactivated": self.is_deactivated}


@dataclass
class Message:
    """`body` is the Bot API's Message; `side` is "person" or "bot"."""

    side: str
    kind: str
    body: Json
    update_id: int | None = None

    @property
    def message_id(self) -> int:
        return int(self.body["message_id"])

    @property
    def text(self) -> str:
        return str(self.body.get("text") or self.body.get("caption") or "")


@dataclass
class Chat:
    """A private chat: its id is the person's, its message ids are counted for both sides."""

    bot: Bot
    person: Person
    is_started: bool = False
    is_blocked: bool = False
    next_message_id: int = 1
    messages: dict[int, Message] = field(default_factory=dict)

    def new_message(self, side: str, kind: str, content: Json, date: int | None = None) -> Message:
        user = self.person.as_user() if side == "person" else self.bot.as_user()
        body = {
            "message_id": self.next_message_id,
            "from": user,
            "chat": self.person.as_chat(),
            "date": date or int(time.time()),
        }
        self.next_message_id += 1
        message = Message(side, kind, body | content)
        self.messages[message.message_id] = message
        return message

    def reply_to(self, message_id: int) -> Json | None:
        """The message quoted in a reply, without what it quotes itself, as Telegram cuts it."""
        message = self.messages.get(message_id)
        if message is None:
            return None
        return {name: value for name, value in message.body.items() if name != "reply_to_message"}

    def as_json(self) -> Json:
        newest = next(reversed(self.messages.values()), None)
        return {
            "bot": self.bot.id,
            "is_started": self.is_started,
            "is_blocked": self.is_blocked,
            "last": transcript_row(newest) if newest else None,
        }


def transcript_row(message: Message) -> Json:
    """One bubble: the Message under the names the control side and the phone page use."""
    body = message.body
    shown: dict[str, Any] = {
        "message_id": message.message_id,
        "from": message.side,
        "kind": message.kind,
        "text": message.text,
        "date": body["date"],
        "update_id": message.update_id,
        "entities": body.get("entities") or body.get("caption_entities") or [],
    }
    quoted = body.get("reply_to_message")
    return shown | without_none(
        edit_date=body.get("edit_date"),
        reply_to=quoted and quoted["message_id"],
        reply_markup=body.get("reply_markup"),
        media_group_id=body.get("media_group_id"),
        content=body.get(message.kind) if message.kind != "text" else None,
    )
