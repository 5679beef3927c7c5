"""What the doctor does: it asks, and keeps the answer."""

from dataclasses import asdict

from bots.actions import asking
from bots.models import Bot
from core import tx
from insights.models import Answer


def ask(bot: Bot) -> Answer:
    """Ask Telegram whose the bot's token is and where its updates go; the answer is kept.

    Waits for Telegram, seconds if it is silent: call it outside of a transaction.
    """
    said = asking.ask(bot)
    return tx.run(_keep, bot, said)


def _keep(bot: Bot, said: asking.Said) -> Answer:
    with tx.change():
        return Answer.objects.update_or_create(bot=bot, defaults=asdict(said))[0]
