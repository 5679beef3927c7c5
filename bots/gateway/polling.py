"""Reading one bot: ask Telegram, commit what came, only then confirm it by asking for the next."""

import asyncio
import logging
import random
from typing import Any

from django.db import DatabaseError

from bots import metrics
from bots.actions import inbox, leases, reading
from bots.client import Telegram
from bots.gateway.loops import unbroken
from bots.models import Bot
from core import crash, tx
from core.aio import in_db
from core.errors import DeliveryError, Refusal

log = logging.getLogger(__name__)

FIRST_REST = 1.0
LONGEST_REST = 40.0  # and half as much again by chance


class Reader:
    def __init__(self, telegram: Telegram, bot: Bot) -> None:
        self.telegram = telegram
        self.bot = bot
        self.offset = bot.next_offset
        self.failures = 0

    async def run(self) -> None:
        """Until the token is refused. Raises LeaseLost when another gateway has the bot,
        ModeChanged when Telegram is to deliver its updates."""
        while self.bot.state != Bot.State.INVALID:
            try:
                await self._read()
                self.failures = 0
            except DeliveryError as error:
                await self._note(error)
                await self._rest(error.retry_after)
            except (DatabaseError, Refusal) as error:
                # nothing was confirmed, so Telegram hands it out again
                log.warning("%s: not stored: %s", self.bot, type(error).__name__)
                await self._rest()

    async def _read(self) -> None:
        updates = await self.telegram.read(self.bot.token, offset=self.offset)
        crash.here("update.confirmed")
        following = await unbroken(self._store(updates))
        if self.bot.state != Bot.State.OK:
            await in_db(tx.run, reading.answered, bot=self.bot)
        if updates and following == self.offset:
            await asyncio.sleep(1)  # it would be the same again
        self.offset = following

    async def _store(self, updates: list[Any]) -> int:
        """Commit them; the offset that confirms them.

        Not the greatest ever seen: after a week of silence numbers begin anew, perhaps lower.
        """
        rows = inbox.numbered(updates, self.offset)
        following = max(number for number, _ in rows) + 1 if rows else self.offset
        await in_db(
            tx.run,
            inbox.store,
            bot_id=self.bot.pk,
            updates=rows,
            next_offset=following if rows else None,
            epoch=self.bot.lease_epoch,
        )
        return following

    async def _note(self, error: DeliveryError) -> None:
        metrics.READ_ERRORS.labels(error.code).inc()
        try:
            await in_db(leases.confirm, bot=self.bot)  # a 409 may tell of our successor or webhook
            log.warning("%s: %s %s", self.bot, error.code, error.text)
            await in_db(tx.run, reading.failed, bot=self.bot, error=error)
        except (DatabaseError, Refusal):
            log.warning("%s: %s could not be noted", self.bot, error.code)

    async def _rest(self, seconds: float | None = None) -> None:
        """So long if Telegram says so, else 1 to 60 s, longer each time, not all bots at once."""
        if seconds is None:
            seconds = min(LONGEST_REST, FIRST_REST * 2.0 ** min(self.failures, 10))
            seconds *= random.uniform(1, 1.5)
            self.failures += 1
        await asyncio.sleep(seconds)
