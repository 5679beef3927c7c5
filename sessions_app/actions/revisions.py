"""A message that is known already and comes again: as a duplicate, an edit, or late.

Edits may come before their original, out of order, twice, or with nothing visible changed
(telegram.md). In memory: the caller saves REVISED.
"""

from live.events import moment
from sessions_app.models import Message
from sessions_app.telegram import Incoming

UNREADABLE = "unreadable"
REVISED = ("kind", "text", "data", "at", "edited_at", "versions", "reply_to_telegram_id")


def revise(message: Message, news: Incoming) -> bool:
    """Bring the message up to date; whether anything changed."""
    if message.kind == UNREADABLE:
        write(message, news)
        return True
    version = {"text": news.text, "at": moment(news.edited_at or news.at)}
    if version in message.versions or _is_shown(message, news):
        return False
    shown_at = message.edited_at or message.at
    if news.edited_at and news.edited_at >= shown_at:
        message.versions = [*message.versions, {"text": message.text, "at": moment(shown_at)}]
        write(message, news)
    else:
        message.versions = sorted([*message.versions, version], key=lambda one: str(one["at"]))
    return True


def _is_shown(message: Message, news: Incoming) -> bool:
    return message.text == news.text and message.data == news.data


def write(message: Message, news: Incoming) -> None:
    message.kind = news.kind
    message.text = news.text
    message.data = news.data
    message.at = news.at
    message.edited_at = news.edited_at
    message.reply_to_telegram_id = news.reply_to
