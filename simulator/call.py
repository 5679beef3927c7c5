"""One call of a bot: who calls, with what, and the readers of its parameters."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from simulator.errors import bad_request, forbidden
from simulator.journal import Entry
from simulator.jsons import Json
from simulator.params import Upload
from simulator.people import Bot, Chat
from simulator.world import World


class RawJson(str):
    """A result that is JSON text already, and must go out exactly so."""


@dataclass
class Call:
    """`entry` is its line in the journal, where a method may add what it did."""

    world: World
    bot: Bot
    params: Json
    entry: Entry = field(default_factory=lambda: Entry(None, ""))

    def text(self, name: str) -> str:
        value = self.params.get(name, "")
        return "" if value is None or isinstance(value, Upload) else str(value)

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        """As the real server reads numbers: nonsense is the default, too far the limit."""
        try:
            value = int(self.text(name))
        except ValueError:
            return default
        return min(max(value, low), high)

    def flag(self, name: str) -> bool:
        return self.text(name).lower() in {"true", "yes", "1"}

    def json(self, name: str) -> Any:
        """A structured parameter, as JSON or as text that holds JSON; None if absent."""
        value = self.params.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise bad_request(f"can't parse {name} JSON object") from None

    def chat(self) -> Chat:
        """The chat named by `chat_id` if the bot may write there; else Telegram's refusal."""
        chat = self.known_chat()
        if not chat.is_started:
            raise forbidden("bot can't initiate conversation with a user")
        if chat.person.is_deactivated:
            raise forbidden("user is deactivated")
        if chat.is_blocked:
            raise forbidden("bot was blocked by the user")
        return chat

    def known_chat(self) -> Chat:
        chat_id = self.text("chat_id")
        if not chat_id:
            raise bad_request("chat_id is empty")
        person = self.world.people.get(self.integer("chat_id", 0, 0, 2**53))
        if person is None:
            raise bad_request("chat not found")
        return self.world.chats.get((self.bot.id, person.id)) or Chat(self.bot, person)
