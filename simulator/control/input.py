"""Reading what the control side is told; every refusal names the field."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from aiohttp import web

from simulator.bot_api import WORLD
from simulator.errors import BadInput
from simulator.jsons import Json
from simulator.people import Bot, Chat, Person
from simulator.world import World


class Fields:
    """Fields of a JSON body or a query, each read once by type; `done` refuses the rest."""

    def __init__(self, world: World, values: Json) -> None:
        self.world = world
        self.values = dict(values)

    def take(self, name: str) -> Any:
        return self.values.pop(name, None)

    def text(self, name: str) -> str | None:
        value = self.take(name)
        if value is not None and not isinstance(value, str):
            raise BadInput(f"{name}: must be a string")
        return value

    def needed_text(self, name: str) -> str:
        value = self.text(name)
        if value is None:
            raise BadInput(f"{name}: is missing")
        return value

    def whole(self, name: str, low: int = 0, high: int = 2**53) -> int | None:
        """A whole number, as a number or as digits; out of bounds is refused, not clamped."""
        value = self.take(name)
        if value is None:
            return None
        try:
            number = int(value)
        except (TypeError, ValueError):
            raise BadInput(f"{name}: must be a whole number") from None
        if isinstance(value, float | bool) or not low <= number <= high:
            raise BadInput(f"{name}: must be a whole number from {low} to {high}")
        return number

    def needed_whole(self, name: str, low: int = 0, high: int = 2**53) -> int:
        value = self.whole(name, low, high)
        if value is None:
            raise BadInput(f"{name}: is missing")
        return value

    def number(self, name: str, low: float, high: float) -> float | None:
        value = self.take(name)
        if value is None:
            return None
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise BadInput(f"{name}: must be a number") from None
        if isinstance(value, bool) or not low <= number <= high:
            raise BadInput(f"{name}: must be a number from {low:g} to {high:g}")
        return number

    def flag(self, name: str) -> bool | None:
        value = self.take(name)
        if value is not None and not isinstance(value, bool):
            raise BadInput(f"{name}: must be true or false")
        return value

    def object(self, name: str) -> Json | None:
        value = self.take(name)
        if value is not None and not isinstance(value, dict):
            raise BadInput(f"{name}: must be an object")
        return value

    def bot(self, name: str = "bot") -> Bot:
        return find_bot(self.world, self.needed_whole(name), name)

    def data(self, name: str) -> bytes | None:
        """Bytes, from base64."""
        value = self.text(name)
        try:
            return None if value is None else base64.b64decode(value, validate=True)
        except binascii.Error:
            raise BadInput(f"{name}: must be base64") from None

    def done(self) -> None:
        if self.values:
            raise BadInput(f"{', '.join(sorted(self.values))}: not a field of this request")


async def read_body(request: web.Request) -> Fields:
    body = await request.read()
    try:
        values = json.loads(body) if body.strip() else {}
    except ValueError as error:
        raise BadInput(f"body: is not JSON ({error})") from None
    if not isinstance(values, dict):
        raise BadInput("body: must be a JSON object")
    return Fields(request.app[WORLD], values)


def read_query(request: web.Request) -> Fields:
    return Fields(request.app[WORLD], dict(request.query))


def find_bot(world: World, bot_id: int, name: str, status: int = 400) -> Bot:
    bot = world.bots.get(bot_id)
    if bot is None:
        raise BadInput(f"{name}: there is no bot {bot_id}", status)
    return bot


def bot_of_path(request: web.Request) -> Bot:
    return find_bot(request.app[WORLD], _id_of_path(request, "bot"), "bot", 404)


def person_of_path(request: web.Request) -> Person:
    person_id = _id_of_path(request, "person")
    person = request.app[WORLD].people.get(person_id)
    if person is None:
        raise BadInput(f"person: there is no person {person_id}", 404)
    return person


def _id_of_path(request: web.Request, name: str) -> int:
    value = request.match_info[name]
    if not value.isascii() or not value.isdigit():
        raise BadInput(f"{name}: {value!r} is not an id", 404)
    return int(value)


def chat_of(request: web.Request, fields: Fields) -> Chat:
    """The chat of the person in the path and the bot in the body or the query."""
    person = person_of_path(request)
    return fields.world.chat(fields.bot(), person)
