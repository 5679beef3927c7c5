"""All that exists in this Telegram: bots, people, chats, files, the journal, and the faults."""

from __future__ import annotations

import random
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from simulator.errors import BadInput
from simulator.faults import Faults
from simulator.files import FileStore
from simulator.hub import Hub, Pulse
from simulator.journal import Journal
from simulator.jsons import Json, dumps
from simulator.people import Bot, Chat, Message, Person, transcript_row
from simulator.updates import Update

# Telegram's ids need up to 52 bits; these are never small enough to pass for 32.
PERSON_IDS = (2**33, 2**52)
BOT_IDS = (5_000_000_000, 9_000_000_000)


@dataclass
class Settings:
    """What a test may make faster or stricter; the defaults are the real server's.

    `poll_throttle`: seconds a repeated offset waits. `webhook_retry_base`: seconds of the second
    retry, doubled by each further one. `flood_per_bot` and `flood_per_chat`: calls that send per
    second, None for no limit.
    """

    poll_throttle: float = 3.0
    webhook_retry_base: float = 2.0
    flood_per_bot: float | None = None
    flood_per_chat: float | None = None


@dataclass
class Callback:
    """A button press the bot has yet to answer."""

    bot: int
    person: int
    pressed_at: float
    is_answered: bool = False


@dataclass
class World:
    bots: dict[int, Bot] = field(default_factory=dict)
    people: dict[int, Person] = field(default_factory=dict)
    chats: dict[tuple[int, int], Chat] = field(default_factory=dict)
    callbacks: dict[str, Callback] = field(default_factory=dict)
    sent_at: dict[str, list[float]] = field(default_factory=dict)
    files: FileStore = field(default_factory=FileStore)
    journal: Journal = field(default_factory=Journal)
    faults: Faults = field(default_factory=Faults)
    settings: Settings = field(default_factory=Settings)
    hub: Hub = field(default_factory=Hub)
    webhook_set: Pulse = field(default_factory=Pulse)

    def clear(self) -> None:
        """Back to an empty world; open pages and waiting calls stay connected to it."""
        for bot in self.bots.values():
            bot.webhook = None
            bot.queue.end_poller("terminated by reset of the simulator")
            bot.queue.changed.beat()
        for group in (self.bots, self.people, self.chats, self.callbacks, self.sent_at):
            group.clear()
        self.files.all.clear()
        self.faults.all.clear()
        self.journal.entries.clear()
        self.settings = Settings()
        self.hub.publish("reset")

    def add_bot(self, token: str | None, username: str | None, name: str | None) -> Bot:
        """A new bot, or the one that has this token already; the token's number is the bot's id."""
        token = token or self._new_token()
        bot_id = int(token.partition(":")[0])
        known = self.bots.get(bot_id)
        if known is not None and known.token == token:
            return known
        if known is not None:
            raise BadInput(f"token: bot {bot_id} exists with another token")
        username = username or f"helper_{bot_id}_bot"
        if self.bot_by_username(username) is not None:
            raise BadInput(f"username: {username} is taken")
        bot = Bot(bot_id, token, username, name or username)
        self.bots[bot_id] = bot
        self.hub.publish("bot", bot=bot.as_json())
        return bot

    def _new_token(self) -> str:
        bot_id = _unused(BOT_IDS, self.bots)
        return f"{bot_id}:{_secret()}"

    def revoke(self, bot: Bot) -> None:
        """What BotFather's /revoke does: the old token is nobody's from now on, and its webhook,
        which hangs on it, is gone."""
        bot.token = f"{bot.id}:{_secret()}"
        bot.webhook = None
        bot.queue.changed.beat()
        bot.queue.end_poller("terminated by revoking the token")

    def bot_by_token(self, token: str) -> Bot | None:
        bot = self.bots.get(_number(token.partition(":")[0]))
        return bot if bot is not None and bot.token == token else None

    def bot_by_username(self, username: str) -> Bot | None:
        wanted = username.lower()
        return next((bot for bot in self.bots.values() if bot.username.lower() == wanted), None)

    def add_person(self, *, id: int | None = None, first_name: str, **fields: Any) -> Person:
        if id is not None and id in self.people:
            raise BadInput(f"id: person {id} exists already")
        person = Person(id or _unused(PERSON_IDS, self.people), first_name, **fields)
        self.people[person.id] = person
        self.hub.publish("person", person=self.person_json(person))
        return person

    def person_json(self, person: Person) -> Json:
        chats = [chat.as_json() for chat in self.chats.values() if chat.person is person]
        return person.as_json() | {"chats": chats}

    def chat(self, bot: Bot, person: Person) -> Chat:
        return self.chats.setdefault((bot.id, person.id), Chat(bot, person))

    def queue_update(self, bot: Bot, kind: str, content: Json, chat: Chat) -> int | None:
        """Queues an update unless `allowed_updates` leaves its kind out; gives its id or None."""
        if not bot.wants(kind):
            return None
        update_id = bot.queue.next_id
        update = Update(
            update_id,
            kind,
            dumps({"update_id": update_id, kind: content}),
            chat=chat.person.id,
            message_id=content.get("message_id"),
            date=_date(content),
        )
        bot.queue.add(update)
        return update_id

    def show(self, chat: Chat, message: Message, event: str = "message") -> None:
        """Tells the phone pages that a bubble is new or has changed."""
        self.hub.publish(
            event, bot=chat.bot.id, person=chat.person.id, message=transcript_row(message)
        )

    def show_chat(self, chat: Chat) -> None:
        self.hub.publish("chat", person=chat.person.id, chat=chat.as_json())


def _date(content: Json) -> float:
    """Retention runs from the message's date, or the edit's; callback queries carry none."""
    stamp = content.get("edit_date") or content.get("date")
    return float(stamp or time.time())


def _secret() -> str:
    return "AA" + secrets.token_urlsafe(25)[:33]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else -1


def _unused(bounds: tuple[int, int], taken: dict[int, Bot] | dict[int, Person]) -> int:
    while True:
        number = random.randrange(*bounds)
        if number not in taken:
            return number
