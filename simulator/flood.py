"""Telegram's flood limits, off until a test sets them: so many sends a second, then 429.

Source: core.telegram.org/bots/faq#my-bot-is-hitting-limits (about 1/s per chat, 30/s per bot).
"""

from __future__ import annotations

import math
import time

from simulator.call import Call
from simulator.errors import ApiError


def refuse_flood(call: Call) -> None:
    """Raises 429 with the seconds to wait, or counts this call against its bot and its chat."""
    settings = call.world.settings
    limits = {f"{call.bot.id}": settings.flood_per_bot}
    limits[f"{call.bot.id}:{call.text('chat_id')}"] = settings.flood_per_chat
    now = time.monotonic()
    for key, rate in limits.items():
        if rate is not None and (wait := _wait(call, key, rate, now)) > 0:
            raise too_many_requests(math.ceil(wait))
    for key in limits:
        call.world.sent_at.setdefault(key, []).append(now)


def _wait(call: Call, key: str, rate: float, now: float) -> float:
    window, allowed = max(1.0, 1 / rate), max(1, int(rate))
    recent = [moment for moment in call.world.sent_at.get(key, []) if moment > now - window]
    call.world.sent_at[key] = recent
    return recent[-allowed] + window - now if len(recent) >= allowed else 0.0


def too_many_requests(retry_after: int) -> ApiError:
    return ApiError(429, f"Too Many Requests: retry after {retry_after}", retry_after)
