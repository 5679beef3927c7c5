"""`/control/journal` and `/control/wait-for`: what has happened, or as soon as it has."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

from aiohttp import web

from simulator.bot_api import WORLD
from simulator.control.input import Fields, read_query
from simulator.errors import BadInput
from simulator.journal import Entry, Matcher
from simulator.methods import CANONICAL
from simulator.people import Bot
from simulator.updates import State, Update

MAX_TIMEOUT = 600.0


async def journal(request: web.Request) -> web.Response:
    """Entries after `since`, accepted or not, oldest first; filters as in `wait-for`."""
    fields = read_query(request)
    since = fields.whole("since") or 0
    matches = _matcher(fields, "method")
    fields.done()
    entries = fields.world.journal.since(since, matches)
    return web.json_response({"entries": [entry.as_json() for entry in entries]})


async def unknown_methods(request: web.Request) -> web.Response:
    """How often which method was called that this server does not have."""
    entries = request.app[WORLD].journal.entries
    names = Counter(entry.method for entry in entries if entry.method not in CANONICAL.values())
    return web.json_response({"methods": dict(names)})


async def wait_for(request: web.Request) -> web.Response:
    """`journal_method=` waits for accepted calls, `confirmed=` and `handed_out=` for an update."""
    fields = read_query(request)
    timeout = fields.number("timeout", 0, MAX_TIMEOUT)
    seconds = 10.0 if timeout is None else timeout
    for name, is_there in (("confirmed", _is_confirmed), ("handed_out", _is_handed_out)):
        if name in fields.values:
            return await _wait_for_update(fields, name, is_there, seconds)
    if "journal_method" in fields.values:
        return await _wait_for_calls(fields, seconds)
    raise BadInput("journal_method, confirmed or handed_out: one of them must be given")


async def _wait_for_calls(fields: Fields, seconds: float) -> web.Response:
    """Only accepted calls count, unless `fault` asks for those that one has struck."""
    count, since = fields.whole("count", 1, 10**6) or 1, fields.whole("since") or 0
    wants_struck = "fault" in fields.values
    fits = _matcher(fields, "journal_method")
    fields.done()
    found = await fields.world.journal.wait_for(
        lambda entry: (entry.applied or wants_struck) and fits(entry),
        count=count,
        since=since,
        seconds=seconds,
    )
    if found is None:
        return _timed_out(f"fewer than {count} matching calls within {seconds:g} s")
    return web.json_response({"entries": [entry.as_json() for entry in found]})


def _matcher(fields: Fields, method_field: str) -> Matcher:
    wanted = fields.text(method_field)
    method = wanted and CANONICAL.get(wanted.lower(), wanted)
    bot, chat = fields.whole("bot"), fields.text("chat")
    text, part, fault = (fields.text(name) for name in ("text", "text_contains", "fault"))

    def matches(entry: Entry) -> bool:
        return (
            (not method or entry.method == method)
            and (bot is None or entry.bot == bot)
            and (chat is None or entry.chat == chat)
            and (text is None or entry.text == text)
            and (part is None or part in entry.text)
            and (fault is None or entry.fault == fault)
        )

    return matches


async def _wait_for_update(
    fields: Fields, name: str, is_there: Callable[[Update], bool], seconds: float
) -> web.Response:
    bot, update_id = fields.bot(), fields.needed_whole(name)
    fields.done()
    deadline = time.monotonic() + seconds
    while not _is_reached(bot, update_id, is_there):
        left = deadline - time.monotonic()
        if left <= 0 or not await bot.queue.changed.wait(left):
            return _timed_out(f"update {update_id} was not {name} within {seconds:g} s")
    return web.json_response({"update": bot.queue.history[update_id].as_json()})


def _is_reached(bot: Bot, update_id: int, is_there: Callable[[Update], bool]) -> bool:
    update = bot.queue.history.get(update_id)
    return update is not None and is_there(update)


def _is_confirmed(update: Update) -> bool:
    return update.state is State.CONFIRMED


def _is_handed_out(update: Update) -> bool:
    return update.times_handed_out > 0


def _timed_out(message: str) -> web.Response:
    return web.json_response({"error": message}, status=408)
