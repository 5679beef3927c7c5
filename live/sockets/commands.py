"""The shapes of what a page may say: see docs/live-protocol.md. Raises BadCommand for others."""

import json
from typing import Any
from uuid import UUID

MAX_LENGTH = 64 * 1024
MAX_STREAMS = 500
LARGEST = 2**63 - 1
FLAGS = ("visible", "focused", "sound", "push")
PERMISSIONS = ("default", "granted", "denied")


class BadCommand(Exception):
    """Not of the shape of a command."""


def frame(text: str | None) -> dict[str, Any]:
    """The command in a frame: an object."""
    if text is None or len(text) > MAX_LENGTH:
        raise BadCommand
    try:
        command = json.loads(text)
    except (ValueError, RecursionError):
        raise BadCommand from None
    if not isinstance(command, dict):
        raise BadCommand
    return command


def numbers(value: Any) -> dict[UUID, int]:
    """`{STREAM: n}` of hello and ack."""
    if not isinstance(value, dict) or len(value) > MAX_STREAMS:
        raise BadCommand
    return {_identifier(stream): _number(number) for stream, number in value.items()}


def _identifier(value: Any) -> UUID:
    try:
        return UUID(value)
    except (ValueError, TypeError, AttributeError):
        raise BadCommand from None


def _number(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= LARGEST:
        raise BadCommand
    return value


def state(command: dict[str, Any]) -> dict[str, Any]:
    """`{visible, focused, notify, sound, push}` of beat."""
    if any(type(command.get(flag)) is not bool for flag in FLAGS):
        raise BadCommand
    if command.get("notify") not in PERMISSIONS:
        raise BadCommand
    return {name: command[name] for name in (*FLAGS, "notify")}


def typing(command: dict[str, Any]) -> tuple[UUID, UUID]:
    """`{stream, session}` of typing."""
    return _identifier(command.get("stream")), _identifier(command.get("session"))
