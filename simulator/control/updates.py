"""`/control/updates`: what reaches a bot besides honest messages, and what became of it."""

from __future__ import annotations

import json
import time

from aiohttp import web

from simulator.control.input import Fields, read_body, read_query
from simulator.errors import BadInput
from simulator.jsons import Json, dumps
from simulator.people import Bot
from simulator.updates import Update
from simulator.world import World


async def list_updates(request: web.Request) -> web.Response:
    fields = read_query(request)
    bot = fields.bot()
    fields.done()
    return web.json_response([update.as_json() for update in bot.queue.history.values()])


async def add_raw(request: web.Request) -> web.Response:
    """Any update, or any JSON text as it stands; it gets the next `update_id` if it has none."""
    fields = await read_body(request)
    bot = fields.bot()
    update = _raw_update(fields, bot)
    fields.done()
    bot.queue.add(update)
    return web.json_response(update.as_json())


def _raw_update(fields: Fields, bot: Bot) -> Update:
    raw, given = fields.text("raw"), fields.object("update")
    if (raw is None) == (given is None):
        raise BadInput("raw, update: exactly one of them must be given")
    text = raw if raw is not None else dumps(given)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"raw: is not JSON ({error})") from None
    update_id = value.get("update_id") if isinstance(value, dict) else None
    if isinstance(value, dict) and "update_id" not in value:
        text = _with_id(text, bot.queue.next_id, is_empty=not value)
    # bool is an int to Python, yet `"update_id": true` is no number.
    number = update_id if type(update_id) is int else bot.queue.next_id
    return Update(number, "raw", text, chat=_chat_id(value), message_id=_message_id(value))


def _with_id(text: str, update_id: int, *, is_empty: bool) -> str:
    """Writes the id into the text itself: parsing and dumping could lose what makes it poison."""
    rest = text.lstrip()[1:]
    return f'{{"update_id":{update_id}' + ("" if is_empty else ",") + rest


def _message(value: object) -> Json:
    contents = value.values() if isinstance(value, dict) else ()
    return next((item for item in contents if isinstance(item, dict)), {})


def _message_id(value: object) -> int | None:
    message_id = _message(value).get("message_id")
    return message_id if isinstance(message_id, int) else None


def _chat_id(value: object) -> int | None:
    chat = _message(value).get("chat")
    chat_id = chat.get("id") if isinstance(chat, dict) else None
    return chat_id if isinstance(chat_id, int) else None


async def add_burst(request: web.Request) -> web.Response:
    """`people` new people with `messages` each, in turn, queued before the next poll sees any.

    `age` seconds ago is the date of the first message; the dates run evenly up to now. For `bot`,
    or with `every_bot` for all there are: then the answer says only how many that were.
    """
    fields = await read_body(request)
    every_bot = fields.flag("every_bot")
    bots = list(fields.world.bots.values()) if every_bot else [fields.bot()]
    people = fields.whole("people", 1, 5000) or 1
    messages = fields.whole("messages", 1, 5000) or 1
    age = fields.whole("age", 0, 7 * 86400) or 0
    fields.done()
    if people * messages * len(bots) > 50_000:
        raise BadInput("people, messages: at most 50000 messages in one burst")
    bursts = [_burst(fields.world, bot, people, messages, age) for bot in bots]
    if every_bot:
        return web.json_response({"count": sum(burst["count"] for burst in bursts)})
    return web.json_response(bursts[0])


def _burst(world: World, bot: Bot, people: int, messages: int, age: int) -> Json:
    crowd = [world.add_person(first_name=f"Burst {number + 1}") for number in range(people)]
    chats = [world.chat(bot, person) for person in crowd]
    total, now = people * messages, int(time.time())
    update_ids = []
    for number in range(total):
        chat = chats[number % people]
        chat.is_started = True
        content = {"text": f"burst {number // people + 1} of {messages}"}
        date = now - age + age * number // total
        message = chat.new_message("person", "text", content, date)
        message.update_id = world.queue_update(bot, "message", message.body, chat)
        update_ids.append(message.update_id)
    world.hub.publish("burst", bot=bot.id, count=total)
    ids = [person.id for person in crowd]
    return {"people": ids, "update_ids": update_ids, "count": total}


async def redeliver(request: web.Request) -> web.Response:
    fields = await read_body(request)
    bot, update_id = fields.bot(), fields.needed_whole("update_id")
    fields.done()
    update = bot.queue.history.get(update_id)
    if update is None:
        raise BadInput(f"update_id: bot {bot.id} never had update {update_id}")
    bot.queue.redeliver(update)
    return web.json_response(update.as_json())


async def restart_ids(request: web.Request) -> web.Response:
    """After a week of silence ids start anew at random: nothing waits, the next is `next_id`."""
    fields = await read_body(request)
    bot, next_id = fields.bot(), fields.needed_whole("next_id", 1, 2**31 - 1)
    fields.done()
    bot.queue.restart_ids(next_id)
    return web.json_response({"next_id": bot.queue.next_id})
