"""Delivery to webhooks: in order per chat and kind, repeated until answered with 2xx.

Source: tdlib/telegram-bot-api, `WebhookActor`; core.telegram.org/bots/api#setwebhook.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from simulator.bot_api import WORLD, carry_out
from simulator.methods.webhooks import LOOPBACK
from simulator.people import Bot, Webhook
from simulator.updates import Update
from simulator.world import World

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
LONGEST_DELAY = 60.0
ANSWER_TIMEOUT = 60.0
LONGEST_RETRY_AFTER = 3600
# Methods that an answer cannot call: those that give something back, and those that end webhooks.
NEVER_OBEYED = ("get", "setwebhook", "deletewebhook", "close", "logout")

Lane = tuple[int | None, str]


@dataclass(frozen=True)
class Answer:
    """What a webhook said; status 0 if nothing. `retry_after`: seconds, by its header."""

    status: int = 0
    reason: str = ""
    body: str = ""
    retry_after: float = 0.0

    @property
    def is_taken(self) -> bool:
        return 200 <= self.status < 300


@dataclass
class Route:
    """Deliveries to one bot's webhook, from setWebhook until the next change of it."""

    bot: Bot
    webhook: Webhook
    slots: asyncio.Semaphore
    lanes: dict[Lane, deque[Update]] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def is_current(self) -> bool:
        return self.bot.webhook is self.webhook


class Courier:
    """Runs one route for each bot that has a webhook."""

    def __init__(self, world: World, session: ClientSession) -> None:
        self.world = world
        self.session = session
        self.routes: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        try:
            while True:
                self._open_routes()
                await self.world.webhook_set.wait(3600)
        finally:
            for task in self.routes.values():
                task.cancel()

    def _open_routes(self) -> None:
        for bot in self.world.bots.values():
            task = self.routes.get(bot.id)
            if bot.webhook is not None and (task is None or task.done()):
                self.routes[bot.id] = asyncio.create_task(self._serve(bot))

    async def _serve(self, bot: Bot) -> None:
        """Follows the bot's webhook, also when it is set anew, until it has none."""
        while (webhook := bot.webhook) is not None:
            route = Route(bot, webhook, asyncio.Semaphore(webhook.max_connections))
            try:
                while route.is_current:
                    self._sort_into_lanes(route)
                    await bot.queue.changed.wait(3600)
            finally:
                for task in route.tasks:
                    task.cancel()

    def _sort_into_lanes(self, route: Route) -> None:
        for update in route.bot.queue.batch(10**6):
            if id(update) in route.taken:
                continue
            route.taken.add(id(update))
            key = (update.chat, update.kind)
            lane = route.lanes.get(key)
            if lane is not None:
                lane.append(update)
                continue
            route.lanes[key] = deque([update])
            task = asyncio.create_task(self._empty_lane(route, key))
            route.tasks.add(task)
            task.add_done_callback(route.tasks.discard)

    async def _empty_lane(self, route: Route, key: Lane) -> None:
        """One after the other; a failing one holds those behind it."""
        lane, failures = route.lanes[key], 0
        while lane:
            async with route.slots:
                answer = await self._deliver(route, lane[0])
            if answer.is_taken:
                route.taken.discard(id(lane[0]))
                route.bot.queue.confirm(lane.popleft())
                failures = 0
            else:
                failures += 1
                await asyncio.sleep(answer.retry_after or self._delay(failures))
        del route.lanes[key]

    def _delay(self, failures: int) -> float:
        """At once, then 2, 4, 8 … seconds, in the end somewhere between 60 and 120."""
        if failures == 1:
            return 0.0
        delay = self.world.settings.webhook_retry_base * 2.0 ** (min(failures, 12) - 2)
        return delay if delay < LONGEST_DELAY else random.uniform(1, 2) * LONGEST_DELAY

    async def _deliver(self, route: Route, update: Update) -> Answer:
        route.bot.queue.hand_out([update])
        try:
            answer = await self.post(route.webhook, update.body)
        except TimeoutError:
            return _failed(route.webhook, "Read timeout expired")
        except (ClientError, OSError):
            return _failed(route.webhook, "Connection refused")
        if not answer.is_taken:
            said = f"{answer.status} {answer.reason}"
            _failed(route.webhook, f"Wrong response from the webhook: {said}")
            return answer
        self.world.hub.publish("updates", bot=route.bot.id, handed_out=[update.update_id])
        await self._obey(route.bot, answer.body)
        return answer

    async def post(self, webhook: Webhook, body: str) -> Answer:
        """What the webhook answers; never leaves the machine."""
        if urlsplit(webhook.url).hostname not in LOOPBACK:
            raise OSError("only loopback addresses are delivered to")
        headers = {"Content-Type": "application/json"}
        if webhook.secret:
            headers[SECRET_HEADER] = webhook.secret
        timeout = ClientTimeout(total=ANSWER_TIMEOUT)
        async with self.session.post(
            webhook.url, data=body.encode(), headers=headers, timeout=timeout, ssl=False
        ) as response:
            return Answer(
                response.status,
                response.reason or "",
                await response.text(errors="replace"),
                _retry_after(response.headers.get("Retry-After", "")),
            )

    async def _obey(self, bot: Bot, body: str) -> None:
        """An answer may hold one method call; its result is never told."""
        try:
            params = json.loads(body) if body else None
        except ValueError:
            return
        if isinstance(params, dict) and isinstance(params.get("method"), str):
            name = params.pop("method")
            if not name.lower().startswith(NEVER_OBEYED):
                await carry_out(self.world, bot, name, params)


def _failed(webhook: Webhook, message: str) -> Answer:
    webhook.last_error_at, webhook.last_error = int(time.time()), message
    return Answer()


def _retry_after(header: str) -> float:
    return float(min(int(header), LONGEST_RETRY_AFTER)) if header.isdecimal() else 0.0


COURIER = web.AppKey("courier", Courier)


async def courier_context(app: web.Application) -> AsyncIterator[None]:
    async with ClientSession() as session:
        app[COURIER] = Courier(app[WORLD], session)
        task = asyncio.create_task(app[COURIER].run())
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def forge(courier: Courier, bot: Bot, secret: str, body: str) -> int:
    """Posts what nobody sent to the bot's webhook, with this secret; the status it got."""
    assert bot.webhook is not None
    answer = await courier.post(Webhook(bot.webhook.url, secret), body)
    return answer.status
