"""What an answer of Telegram to a sending call means for the call."""

from typing import Any

from bots.actions.outbox import Kind, Outcome
from bots.errors import UNKNOWN, UNREACHABLE
from core.errors import DeliveryError

KINDS = {
    "429": Kind.PAUSE,
    "401": Kind.STOP,
    UNREACHABLE: Kind.RETRY,
    UNKNOWN: Kind.DOUBT,
}

# Refusals that have no number of their own. Texts change: a text that is not found stays "400".
# https://github.com/tdlib/telegram-bot-api (Client.cpp)
NAMED = {
    "message is not modified": "not_modified",
    "message to edit not found": "gone",
    "message can't be edited": "cannot_edit",
    "message to delete not found": "gone",
    "message can't be deleted": "cannot_delete",
}
# As it was wanted already: by an earlier try whose answer was lost, or by somebody else.
DONE = {("editMessageText", "not_modified"), ("deleteMessage", "gone")}


def of_result(result: Any) -> Outcome:
    """Sent. An album answers with a list: its first message stands for it."""
    message = result[0] if isinstance(result, list) and result else result
    number = message.get("message_id") if isinstance(message, dict) else None
    return Outcome(Kind.SENT, message_id=number if isinstance(number, int) else None)


def of_error(method: str, error: DeliveryError) -> Outcome:
    """Every number that Telegram answered and that is not in the table is a refusal."""
    code = _name(error)
    kind = Kind.SENT if (method, code) in DONE else KINDS.get(code, Kind.FAILED)
    return Outcome(kind, code=code, text=error.text, seconds=error.retry_after or 0.0)


def _name(error: DeliveryError) -> str:
    if error.code != "400":
        return error.code
    return next((name for text, name in NAMED.items() if text in error.text), error.code)


def without_formatting(params: dict[str, Any], error: DeliveryError) -> dict[str, Any] | None:
    """The same as plain text if Telegram could not read the formatting, else None."""
    plain = {name: value for name, value in params.items() if name not in FORMATTING}
    if error.code == "400" and "can't parse entities" in error.text and plain != params:
        return plain
    return None


FORMATTING = {"parse_mode", "entities", "caption_entities"}
