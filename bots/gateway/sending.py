"""Sending: claim what is due, call Telegram, record what became of it."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Any

from bots import metrics
from bots.actions import bots, outbox
from bots.actions.outbox import Kind, Outcome
from bots.client import SENDS, Telegram
from bots.errors import UNKNOWN
from bots.gateway import outcomes
from bots.gateway.loops import attempt
from bots.gateway.pacing import Pacer
from bots.models import Bot, OutboundCall
from core import crash, logs, tx
from core.aio import in_db
from core.errors import DeliveryError

log = logging.getLogger(__name__)

BOT_SENDS = SENDS // 2
LOOK_SECONDS = 1.0  # also without a hint
LONGEST_PAUSE = 30.0
STOPPED = Outcome(Kind.DOUBT, code=UNKNOWN, text="the gateway stopped while it was sending")


class Places:
    """Who may have one of the places there are: no bot may take them all with calls that hang."""

    def __init__(self, taken: Iterable[int], pacer: Pacer) -> None:
        self.taken = Counter(taken)
        self.pacer = pacer

    def may_send(self, call: OutboundCall) -> bool:
        if self.taken[call.bot_id] >= BOT_SENDS or not self.pacer.may_send(call):
            return False
        self.taken[call.bot_id] += 1
        return True


class Sender:
    """Sends for the bots of `serving`, which its owner changes as leases come and go."""

    def __init__(self, telegram: Telegram, serving: Mapping[int, Bot]) -> None:
        self.telegram = telegram
        self.serving = serving
        self.pacer = Pacer()
        self.wake = asyncio.Event()
        self.is_ending = False
        self.claiming = asyncio.Lock()
        self.flights: dict[asyncio.Task[None], OutboundCall] = {}
        self.is_unsure = False  # whether a claim was committed that we have not heard of
        self.calling: dict[asyncio.Task[Outcome], int] = {}  # and for which bot

    async def run(self) -> None:
        """Until `end` is called. A claim is never abandoned half-way."""
        while not self.is_ending:
            self.wake.clear()
            self.pacer.begin_round()
            async with self.claiming:
                await attempt("claiming calls", self._claim)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.wake.wait(), min(LOOK_SECONDS, self.pacer.next_in))

    def end(self) -> None:
        self.is_ending = True
        self.wake.set()

    async def land(self, seconds: float) -> None:
        """Let the calls on their way finish; those that take longer are in doubt."""
        if self.flights:
            await asyncio.wait(self.flights, timeout=seconds)
        for call in list(self.calling):
            call.cancel()
        if self.flights:
            await asyncio.wait(self.flights, timeout=seconds)

    async def landed(self, bot_ids: Collection[int]) -> None:
        """Until nothing of these bots, which are served no more, is on its way."""
        flights = [flight for flight, call in self.flights.items() if call.bot_id in bot_ids]
        if flights:
            await asyncio.wait(flights)

    async def _claim(self) -> None:
        serving = dict(self.serving)  # as it is now: a bot may be lost while we ask for its calls
        room = SENDS - len(self.calling)
        epochs = {pk: bot.lease_epoch for pk, bot in serving.items() if self.pacer.has_room(pk)}
        if room <= 0 or not epochs:
            return
        if self.is_unsure:
            await self._give_back(serving)
        places = Places(self.calling.values(), self.pacer)
        self.is_unsure = True
        calls = await in_db(
            tx.run, outbox.claim, epochs=epochs, may_send=places.may_send, limit=room
        )
        self.is_unsure = False
        for call in calls:
            flight = asyncio.create_task(self._fly(serving[call.bot_id], call))
            self.flights[flight] = call
            flight.add_done_callback(self.flights.pop)

    async def _give_back(self, serving: Mapping[int, Bot]) -> None:
        """The connection broke at a claim's COMMIT: nobody else knows that its calls wait for us."""
        epochs = {pk: bot.lease_epoch for pk, bot in serving.items()}
        flying = [call.pk for call in self.flights.values()]
        await in_db(tx.run, outbox.give_back, epochs=epochs, besides=flying)

    async def _fly(self, bot: Bot, call: OutboundCall) -> None:
        logs.bind(bot_id=bot.pk, project_id=bot.project_id, call_id=call.pk)
        outcome = await self._call(bot, call)
        metrics.CALLS.labels(outcome.kind.name.lower()).inc()
        self.wake.set()  # there is room for one more
        await self._record(bot, call, outcome)
        self.wake.set()  # and the chat may have more

    async def _call(self, bot: Bot, call: OutboundCall) -> Outcome:
        work = asyncio.create_task(self._ask(bot, call.method, call.params))
        self.calling[work] = bot.pk
        try:
            return await work
        except asyncio.CancelledError:
            return STOPPED
        finally:
            del self.calling[work]

    async def _ask(self, bot: Bot, method: str, params: dict[str, Any]) -> Outcome:
        crash.here("call.before")
        try:
            result = await self.telegram.call(bot.token, method, params)
            crash.here("call.after")
            return outcomes.of_result(result)
        except DeliveryError as error:
            plain = outcomes.without_formatting(params, error)
            if plain is None:
                return outcomes.of_error(method, error)
        return await self._ask(bot, method, plain)

    async def _record(self, bot: Bot, call: OutboundCall, outcome: Outcome) -> None:
        """Again and again while the database is away: only we know what Telegram said."""
        pause = 0.25
        write = partial(self._write, bot, call, outcome)
        while not await attempt("recording an outcome", write):
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE, pause * 2)

    async def _write(self, bot: Bot, call: OutboundCall, outcome: Outcome) -> None:
        if outcome.kind is Kind.STOP:  # first, so that nobody claims the call again meanwhile
            invalid = Bot.State.INVALID
            await in_db(tx.run, bots.set_state, bot=bot, state=invalid, error=outcome.text)
        if not await in_db(tx.run, outbox.record, call=call, outcome=outcome):
            log.warning("%s: call %s is no longer ours: %s", bot, call.pk, outcome.kind.name)
