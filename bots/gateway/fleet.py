"""The bots one gateway serves: takes leases, keeps them, gives them up."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

from django.conf import settings

from bots import metrics
from bots.actions import leases, outbox
from bots.client import Telegram
from bots.errors import LeaseLost, ModeChanged
from bots.gateway.loops import attempt, every, unbroken
from bots.gateway.polling import Reader
from bots.gateway.sending import Sender
from bots.models import Bot
from core import clock, layers, logs, ticks, tx
from core.aio import in_db

log = logging.getLogger(__name__)

RENEW = 0.3  # of the lease's time: two may fail
LOOK = 0.2
AT_ONCE = 200
HANDED_OVER_AT_ONCE = 50
# A bot that stays free so many leases is taken by whoever sees it.
PATIENCE = 2
TICK_SECONDS = 3.0
HINT_SECONDS = 3.0  # between two tries to join
REJOIN_SECONDS = 3600.0  # layers forget their members after a day
LAND_SECONDS = 3.0


class Gateway:
    """Reads and sends for the bots it holds leases for, until told to stop.

    `name` is the holder's in the leases. Whoever starts again under the same name takes its
    predecessor's bots at once, so there must never be two alive with one name.
    """

    def __init__(self, *, name: str) -> None:
        self.name = name
        self.bots: dict[int, Bot] = {}
        self.leaving: set[int] = set()
        self.readers: dict[int, asyncio.Task[None]] = {}
        self.starts: deque[float] = deque()

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set; then let sends finish and give the leases back."""
        self.telegram = Telegram()
        self.sender = Sender(self.telegram, self.bots)
        loops = [asyncio.create_task(loop) for loop in self._loops()]
        sending = asyncio.create_task(self.sender.run())
        try:
            await stop.wait()
        finally:
            self.sender.end()
            reading = [*loops, *self.readers.values()]
            for task in reading:
                task.cancel()
            await asyncio.wait(reading, timeout=LAND_SECONDS)
            await sending
            await self.sender.land(LAND_SECONDS)
            await attempt("releasing leases", self._release)
            await self.telegram.close()

    def _loops(self) -> list[Coroutine[Any, Any, None]]:
        lease = settings.BOT_LEASE_SECONDS
        return [
            every(lease * LOOK, "taking bots", self._take),
            every(lease * RENEW, "renewing leases", self._renew),
            every(lease * LOOK, "handing over", self._hand_over),
            every(HINT_SECONDS, "hearing hints", self._listen),
            every(TICK_SECONDS, "the second clock", self._tick),
        ]

    async def _take(self) -> None:
        for bot in await unbroken(in_db(self._free_bots)):
            log.info("%s: served by %s, epoch %s", bot, self.name, bot.lease_epoch)
            self.bots[bot.pk] = bot
            self._begin_reading(bot)

    def _begin_reading(self, bot: Bot) -> None:
        """One with a webhook is served for what it sends."""
        if bot.mode == Bot.Mode.POLLING:
            self.readers[bot.pk] = asyncio.create_task(self._read(bot))

    def _free_bots(self) -> list[Bot]:
        """Those that are new at Telegram not more than so many in a minute."""
        rate = settings.BOT_STARTS_PER_MINUTE
        while self.starts and self.starts[0] < time.monotonic() - 60:
            self.starts.popleft()
        taken = tx.run(
            leases.take,
            holder=self.name,
            besides=[*self.bots, *self.leaving],
            new_limit=max(0, rate - len(self.starts)) if rate else None,
            **self._room(),
        )
        moment = clock.now()
        self.starts.extend(time.monotonic() for bot in taken if bot.is_new(moment))
        return taken

    def _room(self) -> dict[str, Any]:
        """Up to our share at once; beyond it, what nobody else has taken for a while."""
        room = leases.share(holder=self.name) - len(self.bots)
        if room > 0:
            return {"limit": min(room, AT_ONCE)}
        return {
            "limit": AT_ONCE,
            "unheld_for": timedelta(seconds=PATIENCE * settings.BOT_LEASE_SECONDS),
        }

    async def _hand_over(self) -> None:
        """Leave what is beyond our share to the others, when nothing of it is on its way."""
        surplus = len(self.bots) - await in_db(leases.share, holder=self.name)
        leaving = list(self.bots.values())[: max(0, min(surplus, HANDED_OVER_AT_ONCE))]
        if not leaving:
            return
        try:
            async with self.sender.claiming:  # a claim that has begun may bring calls of theirs
                if self.sender.is_unsure:
                    return
                self.leaving = {bot.pk for bot in leaving}
                for bot in leaving:
                    self._drop(bot)
            await self.sender.landed(self.leaving)
            await in_db(tx.run, leases.hand_over, holder=self.name, bot_ids=self.leaving)
        finally:
            self.leaving = set()

    async def _read(self, bot: Bot) -> None:
        logs.bind(bot_id=bot.pk, project_id=bot.project_id)
        try:
            await Reader(self.telegram, bot).run()
        except ModeChanged:
            bot.mode = Bot.Mode.WEBHOOK
            return
        except LeaseLost:
            log.warning("%s: another gateway has taken it", bot)
        except Exception:
            log.exception("%s: reading failed", bot)
        self._drop(bot)

    async def _renew(self) -> None:
        asked = list(self.bots.values())  # of what is taken meanwhile the answer may not know
        ours = await in_db(tx.run, leases.renew, holder=self.name)
        for bot in asked:
            if self.bots.get(bot.pk) is not bot:
                continue
            now = ours.get(bot.pk)
            if now is None or now.lease_epoch != bot.lease_epoch:
                self._drop(bot)
            elif now.connected_at != bot.connected_at:
                self._drop(bot)  # a new token: it is taken again with it
            elif now.mode != bot.mode:
                self._follow(bot, now)

    def _follow(self, bot: Bot, now: Bot) -> None:
        """Read it in the other way. The lease stays, for calls may be on their way."""
        self._end_reading(bot)
        bot.mode, bot.state, bot.next_offset = now.mode, now.state, now.next_offset
        self._begin_reading(bot)

    def _end_reading(self, bot: Bot) -> None:
        reader = self.readers.pop(bot.pk, None)
        if reader:
            reader.cancel()

    def _drop(self, bot: Bot) -> None:
        if self.bots.get(bot.pk) is bot:
            del self.bots[bot.pk]
            self._end_reading(bot)

    async def _release(self) -> None:
        await in_db(leases.release, holder=self.name)

    async def _listen(self) -> None:
        """Hints that the outbox was filled. Without them it is found within a second."""
        try:
            async with asyncio.timeout(REJOIN_SECONDS):
                await self._hear()
        except TimeoutError:
            log.debug("joining the hints again")
        except Exception as error:  # no layer: one line, and again a little later
            log.warning("no hints: %s", type(error).__name__)

    async def _hear(self) -> None:
        layer = layers.current()
        channel = await layer.new_channel()
        await layer.group_add(outbox.HINTS, channel)
        try:
            while True:
                await layer.receive(channel)
                self.sender.wake.set()
        finally:
            await layer.group_discard(outbox.HINTS, channel)

    async def _tick(self) -> None:
        """The second clock: what Celery's has missed is run here."""
        metrics.SERVED.set(len(self.bots))
        await in_db(ticks.run_overdue)
