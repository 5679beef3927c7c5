"""Calls to Telegram claimed and ended as a gateway does it, without one."""

from bots.actions import outbox
from bots.actions.outbox import Kind, Outcome
from bots.models import Bot, OutboundCall

REFUSED = Outcome(Kind.FAILED, code="403", text="Forbidden: bot was blocked by the user")
DOUBT = Outcome(Kind.DOUBT, code="unknown", text="HTTP 502, no JSON")


def sent(message_id: int) -> Outcome:
    return Outcome(Kind.SENT, message_id=message_id)


def claim_next(bot: Bot) -> list[OutboundCall]:
    Bot.objects.filter(pk=bot.pk).update(lease_epoch=1)
    return outbox.claim(epochs={bot.pk: 1}, may_send=lambda call: True, limit=1)


def settle(bot: Bot, *outcomes: Outcome) -> None:
    """Claim and end the open calls, one after the other."""
    for outcome in outcomes:
        (call,) = claim_next(bot)
        assert outbox.record(call=call, outcome=outcome)
