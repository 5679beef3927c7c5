"""getUpdates: confirm by offset, wait for news, hand out a batch.

Source: tdlib/telegram-bot-api, `Client::process_get_updates_query` and `do_get_updates`.
"""

from __future__ import annotations

import random
import time

from simulator.call import Call, RawJson
from simulator.errors import bad_request, conflict
from simulator.people import Bot
from simulator.updates import Poller, State, Update

WEBHOOK_IS_SET = (
    "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook "
    "first"
)


async def get_updates(call: Call) -> RawJson:
    """The updates as JSON text, each as it was queued; raises 409 when another poll takes over."""
    queue = call.bot.queue
    offset = call.integer("offset", 0, -(2**31), 2**31 - 1)
    limit = call.integer("limit", 100, 1, 100)
    timeout = call.integer("timeout", 0, 0, 50)
    remember_allowed_updates(call)
    if call.bot.webhook is not None:
        raise conflict(WEBHOOK_IS_SET)
    poller = queue.open_poller()
    throttled = queue.throttled(offset, timeout, call.world.settings.poll_throttle)
    queue.confirm_below(offset)
    try:
        batch = await _wait_for_batch(call.bot, poller, limit, throttled)
    finally:
        queue.close_poller(poller)
    return _hand_out(call, batch)


async def _wait_for_batch(bot: Bot, poller: Poller, limit: int, seconds: float) -> list[Update]:
    deadline = time.monotonic() + seconds
    while True:
        if poller.ended is not None:
            raise poller.ended
        batch = bot.queue.batch(limit)
        left = deadline - time.monotonic()
        if batch or left <= 0:
            return batch
        await poller.woken.wait(left)


def _hand_out(call: Call, batch: list[Update]) -> RawJson:
    answer = _with_faults(call, batch)
    call.bot.queue.hand_out(answer)
    call.entry.updates = [update.update_id for update in answer]
    if answer:
        call.world.hub.publish("updates", bot=call.bot.id, handed_out=call.entry.updates)
    return RawJson("[" + ",".join(update.body for update in answer) + "]")


def _with_faults(call: Call, batch: list[Update]) -> list[Update]:
    """Adds up to five updates that were confirmed before, or shuffles, if such a fault strikes."""
    faults, bot = call.world.faults, call.bot
    known = [update for update in bot.queue.history.values() if update.state is State.CONFIRMED]
    if batch and known and faults.for_updates("duplicate_updates", bot.id):
        recent = known[-20:]
        batch = random.sample(recent, min(5, len(recent))) + batch
    if len(batch) > 1 and faults.for_updates("reorder_updates", bot.id):
        batch = _shuffled(batch)
    return batch


def _shuffled(batch: list[Update]) -> list[Update]:
    """Another order for certain: shuffled, and turned round if chance left it as it was."""
    other = random.sample(batch, len(batch))
    return other if other != batch else batch[::-1]


def remember_allowed_updates(call: Call) -> None:
    """`allowed_updates` holds for the bot until it is given again; absent, nothing changes."""
    kinds = call.json("allowed_updates")
    if kinds is None:
        return
    if not isinstance(kinds, list) or not all(isinstance(kind, str) for kind in kinds):
        raise bad_request("can't parse allowed_updates JSON object")
    call.bot.allowed_updates = kinds
