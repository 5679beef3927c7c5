"""Connecting a bot to its project, and the state it is in."""

from urllib.parse import urlsplit

from django.db import IntegrityError
from django.views.decorators.debug import sensitive_variables

from accounts.actions import record_audit
from accounts.models import User
from bots import ports, wire
from bots.errors import bot_taken, project_has_bot, telegram_unreachable
from bots.models import Bot, Inbox
from core import clock, tx
from core.errors import DeliveryError
from core.text import storable
from projects import actions as projects
from projects.models import Project

ERROR_LENGTH = Bot._meta.get_field("last_error").max_length
# A bot makes these active; a paused project stays paused.
WITH_BOT = {Project.State.DRAFT, Project.State.BOT_INVALID}


@sensitive_variables("token")
def connect(*, project: Project, token: str, actor: User | None) -> Bot:
    """Give the project its bot, or its bot a new token, once Telegram has confirmed the token.

    Talks to Telegram first, so call it outside of a transaction. A webhook that somebody set for
    the bot is removed: with it nothing could be read. A bot that has a webhook of ours gets it
    anew at the next watch, for Telegram forgets it with the old token. Raises Refusal `bad_token`,
    `telegram_unreachable`, `bot_taken` or `project_has_bot`; nothing is saved then.
    """
    token = token.strip()
    try:
        identity = wire.get_me(token)
        _refuse_taken(project, identity)
        webhook = _remove_webhook(project, token)
    except DeliveryError as error:
        refusal = telegram_unreachable(error)
    else:
        return _save(project, identity, token, webhook, actor)
    raise refusal


def _refuse_taken(project: Project, identity: wire.BotIdentity) -> None:
    if Bot.objects.filter(telegram_id=identity.id).exclude(project=project).exists():
        raise bot_taken()
    present = Bot.objects.filter(project=project).first()
    if present and present.telegram_id != identity.id:
        raise project_has_bot(present.username)


def _remove_webhook(project: Project, token: str) -> str:
    """The host it pointed to, empty if none was removed."""
    if Bot.objects.filter(project=project, mode=Bot.Mode.WEBHOOK).exists():
        return ""
    address = wire.get_webhook_info(token).url
    if address:
        wire.delete_webhook(token)
    return urlsplit(address).hostname or ""


@sensitive_variables("token")
def _save(
    project: Project, identity: wire.BotIdentity, token: str, webhook: str, actor: User | None
) -> Bot:
    with tx.change():
        project = tx.lock(Project.objects.filter(pk=project.pk)).get()
        _refuse_taken(project, identity)
        bot = _write(project, identity, token)
        if project.state in WITH_BOT:
            projects.set_state(project=project, state=Project.State.ACTIVE, actor=actor)
        ports.bot_changed(project.pk)
        record_audit(
            company=project.company,
            actor=actor,
            verb="bot.connected",
            target=str(bot),
            data={"project": str(project.public_id), "webhook_removed": webhook},
        )
    return bot


@sensitive_variables("token")
def _write(project: Project, identity: wire.BotIdentity, token: str) -> Bot:
    values = {
        "telegram_id": identity.id,
        "username": storable(identity.username)[:64],
        "name": storable(identity.name)[:128],
        "token": token,
        "state": Bot.State.OK,
        "last_error": "",
        "last_error_at": None,
        "connected_at": clock.now(),
        "webhook_checked_at": None,
    }
    try:
        with tx.change():
            bot, is_new = Bot.objects.update_or_create(project=project, defaults=values)
            if is_new:
                Inbox.objects.create(bot=bot)
            return bot
    except IntegrityError:  # connected elsewhere a moment ago
        pass
    raise bot_taken()


def set_state(*, bot: Bot, state: str, error: str = "") -> None:
    """What reading or sending has shown. Told by a token that was replaced since, it is ignored."""
    bot.state = state
    with tx.change():
        project = tx.lock(Project.objects.filter(bot=bot.pk)).get()  # before the bot: see `_save`
        row = Bot.objects.filter(pk=bot.pk, connected_at=bot.connected_at).exclude(state=state)
        if not row.update(state=state):
            return
        if error:
            note_error(bot=bot, error=error)
        _follow(project, state)
        record_audit(
            company=project.company,
            actor=None,
            verb=f"bot.{state}",
            target=str(bot),
            data={"project": str(project.public_id), "error": error},
        )


def _follow(project: Project, state: str) -> None:
    if state == Bot.State.INVALID and project.state == Project.State.ACTIVE:
        projects.set_state(project=project, state=Project.State.BOT_INVALID)
    if state != Bot.State.INVALID and project.state == Project.State.BOT_INVALID:
        projects.set_state(project=project, state=Project.State.ACTIVE)
    ports.bot_changed(project.pk)


def note_error(*, bot: Bot, error: str) -> None:
    """Keep the latest failure where health shows it."""
    Bot.objects.filter(pk=bot.pk).update(
        last_error=storable(error)[:ERROR_LENGTH], last_error_at=clock.now()
    )
