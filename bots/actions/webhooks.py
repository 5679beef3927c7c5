"""How Telegram gets a bot's updates to us, by polling or by webhook, and changing it without loss.

Both ways lead into the same inbox, and an update that comes by both is stored once. So a switch
needs no moment at which exactly one of them works: it has to leave none without any.
"""

import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables

from accounts.actions import record_audit
from accounts.models import User
from bots import ports, wire
from bots.actions.bots import set_state
from bots.errors import no_public_url, telegram_refused
from bots.models import Bot, Webhook
from core import clock, tx
from core.errors import DeliveryError
from projects.models import Project

# Deliveries to the old address that are on their way while the new one is taken into use.
OVERLAP = timedelta(minutes=5)
# States that speak of how updates come in: another way begins without them.
OF_READING = {Bot.State.CONFLICT, Bot.State.ELSEWHERE, Bot.State.FAILING, Bot.State.DEAF}


def use_webhook(*, bot: Bot, actor: User | None) -> None:
    """Let Telegram deliver the bot's updates. Talks to Telegram, so call it outside a transaction.

    Polling ends first, for Telegram ends it with an error. If we die in between, the watch sets
    the webhook up. Raises Refusal `no_public_url` or `telegram_refused`; it is polled then.
    """
    if not settings.PUBLIC_URL:
        raise no_public_url()
    before = bot.mode
    _change_mode(bot, Bot.Mode.WEBHOOK, actor)
    try:
        set_up(bot=bot)
        return
    except DeliveryError as error:
        refusal = telegram_refused(error)
    _change_mode(bot, before, actor)
    raise refusal


def use_polling(*, bot: Bot, actor: User | None) -> None:
    """Take the webhook away, whoever has set it, and read the bot ourselves.

    What waits is kept by Telegram. If we die in between, the watch sets the webhook again. Raises
    Refusal `telegram_refused`; nothing is changed then.
    """
    try:
        wire.delete_webhook(bot.token)
        refusal = None
    except DeliveryError as error:
        refusal = telegram_refused(error)
    if refusal:
        raise refusal
    with tx.change():
        _change_mode(bot, Bot.Mode.POLLING, actor)
        _end(bot.webhooks.all())


def _change_mode(bot: Bot, mode: str, actor: User | None) -> None:
    with tx.change():
        project = tx.lock(Project.objects.filter(bot=bot.pk)).get()
        changes: dict[str, Any] = {"mode": mode, "webhook_checked_at": clock.now()}
        if mode == Bot.Mode.POLLING:
            changes["next_offset"] = 0  # from the oldest that waits, whatever was read long ago
        changed = Bot.objects.filter(pk=bot.pk).exclude(mode=mode).update(**changes)
        bot.mode = mode
        if bot.state in OF_READING:
            set_state(bot=bot, state=Bot.State.OK)
        if changed:
            ports.bot_changed(project.pk)
            record_audit(
                company=project.company,
                actor=actor,
                verb=f"bot.{mode}",
                target=str(bot),
                data={"project": str(project.public_id)},
            )


# ---------------------------------------------------------------- addresses


@sensitive_variables("secret", "key")
def set_up(*, bot: Bot) -> None:
    """Ask Telegram to deliver to a new address with a new secret. Raises DeliveryError.

    The address is committed before Telegram knows it: deliveries come at once. An address that
    Telegram may not have heard of is used for the next try.
    """
    webhook = _untried(bot) or _make(bot)
    wire.set_webhook(bot.token, url=address_of(webhook), secret=webhook.secret)
    confirm(webhook=webhook)


def _untried(bot: Bot) -> Webhook | None:
    fresh = bot.webhooks.filter(confirmed_at=None, ends_at=None)
    return fresh.order_by("-pk").first()


def _make(bot: Bot) -> Webhook:
    key = secrets.token_urlsafe(32)
    return Webhook.objects.create(
        bot=bot, key=key, digest=Webhook.digest_of(key), secret=secrets.token_urlsafe(32)
    )


def confirm(*, webhook: Webhook) -> None:
    """Telegram uses this one: all others end soon."""
    with tx.change():
        unknown = Webhook.objects.filter(pk=webhook.pk, confirmed_at=None)
        unknown.update(confirmed_at=clock.now())
        _end(Webhook.objects.filter(bot=webhook.bot_id).exclude(pk=webhook.pk))


def _end(webhooks: QuerySet[Webhook]) -> None:
    webhooks.filter(ends_at=None).update(ends_at=clock.now() + OVERLAP)


def address_of(webhook: Webhook) -> str:
    return f"{settings.PUBLIC_URL}{reverse('bots:webhook', args=[webhook.key])}"


def find(key: str) -> Webhook | None:
    """The webhook behind this address, with its bot, if it is answered now."""
    answered = Q(ends_at=None) | Q(ends_at__gt=clock.now())
    known = Webhook.objects.filter(answered, digest=Webhook.digest_of(key))
    return known.select_related("bot").defer("key", "bot__token").first()
