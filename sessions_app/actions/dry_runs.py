"""Dry runs: would a message that comes now reach somebody, by the real way?

A marked update is put into the bot's inbox. A worker takes it out among the others, and the router
is asked for a session that would open at that moment. It becomes no message and no session, costs
nobody a turn, calls nobody and counts nowhere.
"""

import json
from collections.abc import Collection
from datetime import timedelta

from accounts.models import User
from bots.actions import inbox
from bots.models import Bot
from core import clock, tx
from sessions_app.models import DryRun
from sessions_app.queries.rehearsal import rehearse
from sessions_app.telegram import MARK

# Who presses twice asks once.
PAUSE = timedelta(seconds=2)


def ask(*, bot: Bot, asked_by: User | None) -> DryRun:
    with tx.change():
        tx.lock(Bot.objects.filter(pk=bot.pk)).get()
        recent = DryRun.objects.filter(bot=bot, asked_at__gt=clock.now() - PAUSE)
        run = recent.order_by("-asked_at").first()
        if run is None:
            run = DryRun.objects.create(bot=bot, asked_by=asked_by)
            raw = json.dumps({"update_id": -run.pk, MARK: str(run.public_id)}).encode("ascii")
            inbox.store_own(bot=bot, update_id=-run.pk, raw=raw)
        return run


def take(bot: Bot, names: Collection[str]) -> list[int]:
    """They are out of the inbox; the keys of those that were asked for. Anything else that bears
    the mark is nobody's."""
    runs = DryRun.objects.filter(bot=bot, public_id__in=list(names), taken_at=None)
    keys = list(runs.values_list("pk", flat=True))
    runs.update(taken_at=clock.now())
    return keys


def decide(key: int) -> None:
    """Ask the router, after the batch in which it came has been committed."""
    run = DryRun.objects.select_related("bot__project").get(pk=key)
    now = rehearse(run.bot.project)
    with tx.change():
        DryRun.objects.filter(pk=key).update(code=now.code, decided_at=clock.now())
        run.agents.set([place.agent for place in now.next])
