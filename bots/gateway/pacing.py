"""How fast Telegram lets us send: about 1/s to a chat with short bursts, 30/s for a bot.

https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
"""

import time
from collections.abc import Callable, Hashable

from bots.models import OutboundCall

CHAT_RATE, CHAT_BURST = 1.0, 3.0
BOT_RATE, BOT_BURST = 30.0, 30.0
FORGET_AT = 10_000


class Bucket:
    """Tokens that come back at `rate` a second, up to `size`."""

    def __init__(self, rate: float, size: float, moment: float) -> None:
        self.rate, self.size, self.tokens, self.moment = rate, size, size, moment

    def wait(self, moment: float) -> float:
        """Seconds until there is a token."""
        self.tokens = min(self.size, self.tokens + (moment - self.moment) * self.rate)
        self.moment = moment
        return max(0.0, (1 - self.tokens) / self.rate)

    def is_full(self, moment: float) -> bool:
        return self.tokens + (moment - self.moment) * self.rate >= self.size


class Pacer:
    """Knows what this process has sent. `next_in`: seconds until one who was refused may go."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.buckets: dict[Hashable, Bucket] = {}
        self.next_in = float("inf")

    def begin_round(self) -> None:
        self.next_in = float("inf")
        if len(self.buckets) > FORGET_AT:
            moment = self.clock()
            full = [key for key, bucket in self.buckets.items() if bucket.is_full(moment)]
            for key in full:
                del self.buckets[key]

    def has_room(self, bot_id: int) -> bool:
        """Whether the bot may send at all: if not, its calls need not be looked at."""
        moment = self.clock()
        wait = self._bucket(bot_id, BOT_RATE, BOT_BURST, moment).wait(moment)
        if wait > 0:
            self.next_in = min(self.next_in, wait)
        return wait == 0

    def may_send(self, call: OutboundCall) -> bool:
        """Whether the call may go now; if so, it is counted."""
        moment = self.clock()
        chat = self._bucket((call.bot_id, call.chat_id), CHAT_RATE, CHAT_BURST, moment)
        bot = self._bucket(call.bot_id, BOT_RATE, BOT_BURST, moment)
        wait = max(chat.wait(moment), bot.wait(moment))
        if wait > 0:
            self.next_in = min(self.next_in, wait)
            return False
        chat.tokens -= 1
        bot.tokens -= 1
        return True

    def _bucket(self, key: Hashable, rate: float, size: float, moment: float) -> Bucket:
        if key not in self.buckets:
            self.buckets[key] = Bucket(rate, size, moment)
        return self.buckets[key]
