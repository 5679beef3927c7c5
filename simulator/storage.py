"""The world in a file, so that a demo's bots and chats are there again after a restart.

Kept: bots with their tokens and waiting updates, people, chats, files. The journal and the faults
belong to one run.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aiohttp import web

from simulator.bot_api import WORLD
from simulator.files import File
from simulator.jsons import Json, dumps
from simulator.people import Bot, Chat, Message, Person, Webhook
from simulator.updates import UpdateQueue
from simulator.world import World

SAVE_EVERY = 2.0


def dump(world: World) -> str:
    return dumps(
        {
            "bots": [_dump_bot(bot) for bot in world.bots.values()],
            "people": [asdict(person) for person in world.people.values()],
            "chats": [_dump_chat(chat) for chat in world.chats.values()],
            "files": [
                asdict(file) | {"data": base64.b64encode(file.data).decode()}
                for file in world.files.all.values()
            ],
        }
    )


def _dump_bot(bot: Bot) -> Json:
    return {
        "id": bot.id,
        "token": bot.token,
        "username": bot.username,
        "name": bot.name,
        "allowed_updates": bot.allowed_updates,
        "commands": bot.commands,
        "webhook": asdict(bot.webhook) if bot.webhook else None,
        "queue": bot.queue.dump(),
    }


def _dump_chat(chat: Chat) -> Json:
    return {
        "bot": chat.bot.id,
        "person": chat.person.id,
        "is_started": chat.is_started,
        "is_blocked": chat.is_blocked,
        "next_message_id": chat.next_message_id,
        "messages": [asdict(message) for message in chat.messages.values()],
    }


def load(world: World, saved: dict[str, Any]) -> None:
    """Fills an empty world; raises KeyError or TypeError for a file of another shape."""
    for fields in saved["bots"]:
        webhook = fields.pop("webhook")
        queue = UpdateQueue.load(fields.pop("queue"))
        bot = Bot(**fields, queue=queue, webhook=Webhook(**webhook) if webhook else None)
        world.bots[bot.id] = bot
    for fields in saved["people"]:
        world.people[fields["id"]] = Person(**fields)
    for fields in saved["files"]:
        file = File(**fields | {"data": base64.b64decode(fields["data"])})
        world.files.all[file.unique_id] = file
    for fields in saved["chats"]:
        _load_chat(world, fields)


def _load_chat(world: World, fields: dict[str, Any]) -> None:
    messages = [Message(**message) for message in fields.pop("messages")]
    bot, person = world.bots[fields.pop("bot")], world.people[fields.pop("person")]
    chat = Chat(bot, person, **fields)
    chat.messages = {message.message_id: message for message in messages}
    world.chats[bot.id, person.id] = chat


def read_file(world: World, path: Path) -> None:
    """Raises ValueError with one sentence if the file is there and cannot be read."""
    if not path.exists():
        return
    try:
        load(world, json.loads(path.read_text()))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} does not hold a state of the simulator ({error!r})") from None


def write_file(world: World, path: Path) -> None:
    """Whole or not at all, readable by its owner alone: it holds tokens."""
    draft = path.with_name(path.name + ".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(dump(world))
    draft.replace(path)


def saving(path: Path) -> Callable[[web.Application], AsyncIterator[None]]:
    """Saves every two seconds if something may have changed, and once more at the end."""

    async def context(app: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(_save_often(app[WORLD], path))
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        write_file(app[WORLD], path)

    return context


async def _save_often(world: World, path: Path) -> None:
    written = ""
    while True:
        await asyncio.sleep(SAVE_EVERY)
        state = dump(world)
        if state != written:
            write_file(world, path)
            written = state
