"""Updates as Telegram sends them, and a person who sends them to a bot."""

import json
from itertools import count
from typing import Any

from bots.actions import inbox
from bots.models import Bot
from sessions_app.actions.inbox import drain

DATE = 1_795_000_000  # 2026-11-18, in seconds

_updates = count(10_000)
_people = count(600_000_000)


class Person:
    """Somebody who talks to the bot. Every method gives an update as a dict."""

    def __init__(self, bot: Bot, first_name: str = "Carol", **fields: Any) -> None:
        self.bot = bot
        self.id = next(_people)
        self.message_ids = count(100)  # of its own in each chat
        self.user = {"id": self.id, "is_bot": False, "first_name": first_name} | fields

    @property
    def chat(self) -> dict[str, Any]:
        return {"id": self.id, "type": "private", "first_name": self.user["first_name"]}

    def says(self, text: str = "Hello", **fields: Any) -> dict[str, Any]:
        """A text message; `fields` replace or add to the message's."""
        return update(message=self.message(text=text, **fields))

    def starts(self, payload: str = "") -> dict[str, Any]:
        return self.says(f"/start {payload}".strip())

    def sends(self, **content: Any) -> dict[str, Any]:
        """A message of another kind than text: photo=[...], caption="..."."""
        return update(message=self.message(**content))

    def edits(self, original: dict[str, Any], text: str, *, later: int = 60) -> dict[str, Any]:
        message = original["message"] | {"text": text, "edit_date": DATE + later}
        return update(edited_message=message)

    def blocks(self, *, at: int = DATE + 1000) -> dict[str, Any]:
        return self._membership("kicked", at)

    def unblocks(self, *, at: int = DATE + 2000) -> dict[str, Any]:
        return self._membership("member", at)

    def message(self, **content: Any) -> dict[str, Any]:
        frame = {
            "message_id": next(self.message_ids),
            "date": DATE,
            "chat": self.chat,
            "from": self.user,
        }
        return frame | content

    def _membership(self, status: str, at: int) -> dict[str, Any]:
        member = {"user": {"id": self.bot.telegram_id, "is_bot": True}, "status": status}
        change = {"chat": self.chat, "from": self.user, "date": at, "new_chat_member": member}
        return update(my_chat_member=change)


def update(**content: Any) -> dict[str, Any]:
    return {"update_id": next(_updates)} | content


def again(earlier: dict[str, Any]) -> dict[str, Any]:
    """The same under a new number, as after a week's silence or a webhook's change."""
    return earlier | {"update_id": next(_updates)}


def store(bot: Bot, *updates: dict[str, Any] | bytes) -> None:
    """Put updates in the bot's inbox, as the gateway does. Bytes are stored as they are."""
    rows = [
        (next(_updates), item)
        if isinstance(item, bytes)
        else (item["update_id"], json.dumps(item).encode())
        for item in updates
    ]
    inbox.store(bot_id=bot.pk, updates=rows, next_offset=None, epoch=None)


def take_in(bot: Bot, *updates: dict[str, Any] | bytes) -> int:
    """Store and drain."""
    store(bot, *updates)
    return drain(bot.pk)
