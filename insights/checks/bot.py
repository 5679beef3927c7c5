"""How the bot is read, and by whom: checks 7 and 8, and another program."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bots.errors import UNKNOWN, UNREACHABLE
from bots.models import Bot
from bots.queries import trouble
from insights.checks.check import Check, Fix, State, found, passed
from insights.checks.facts import Facts, LinkFact
from insights.models import Answer
from redirects.models import Link
from sessions_app.console import health, words
from sessions_app.console.words import ago

# An older answer of Telegram says nothing about now.
FRESH = timedelta(minutes=5)
REFUSED = {"bad_token", "other_bot"}
BROKEN = frozenset({Link.State.NO_BOT, Link.State.BOT_INVALID, Link.State.UNREAD})
DENIED = frozenset({Link.Check.NOWHERE, Link.Check.WRONG})
LEADS_ON = frozenset({Link.State.ACTIVE, Link.State.PAUSED})


def reading(facts: Facts) -> Check:
    """What the gateway has noted, and what Telegram says if it was asked lately."""
    bot = facts.bot
    if bot is None or facts.health is None:
        return found(
            "bot",
            State.FAIL,
            [_("The project has no bot yet.")],
            at=facts.now,
            fixes=[Fix(_("Connect a bot."), _page(facts))],
        )
    now, named = health.of_bot(bot, dict(facts.health), facts.now), trouble(bot)
    advice = named[1] if named else _("See whether the gateway runs and reaches Telegram.")
    return found(
        "bot",
        _state(facts, bot, now),
        [
            _("%(bot)s: %(sentence)s.") % {"bot": bot, "sentence": now.sentence},
            "" if named else now.detail,
            *_telegram(facts, bot),
        ],
        at=bot.last_read_at,
        fixes=[Fix(advice, _page(facts))],
    )


def _state(facts: Facts, bot: Bot, now: health.BotHealth) -> State:
    read_at = bot.last_read_at
    if now.look == "bad" or _is_refused(facts, bot):
        return State.FAIL
    if read_at is None:
        return State.UNKNOWN
    return passed((facts.now - read_at).total_seconds() <= health.LATE_S)


def _is_refused(facts: Facts, bot: Bot) -> bool:
    answer = _fresh(facts)
    if answer is None:
        return False
    return answer.code in REFUSED or answer.is_failing or _has_wrong_webhook(answer, bot)


def _has_wrong_webhook(answer: Answer, bot: Bot) -> bool:
    if bot.mode == Bot.Mode.WEBHOOK:
        return answer.webhook in {Answer.Webhook.NONE, Answer.Webhook.ELSEWHERE}
    return answer.webhook == Answer.Webhook.ELSEWHERE


def _fresh(facts: Facts) -> Answer | None:
    """Asked lately, and of the present token."""
    answer, bot = facts.answer, facts.bot
    if answer is None or bot is None or answer.asked_at < bot.connected_at:
        return None
    return answer if facts.now - answer.asked_at < FRESH else None


def _telegram(facts: Facts, bot: Bot) -> Iterator[str]:
    """Telegram's own answer, line by line."""
    answer = _fresh(facts)
    if answer is None:
        yield _("Telegram itself was not asked in the last minutes.")
        return
    said = {
        "": _("Telegram accepts the token, asked %s."),
        "bad_token": _("Telegram refuses the token, asked %s."),
        "other_bot": _("The token is that of another bot, asked %s."),
        UNREACHABLE: _("Telegram could not be reached from here, tried %s."),
        UNKNOWN: _("Telegram gave no clear answer, asked %s."),
    }.get(answer.code, _("Telegram did not answer what it was asked %s."))
    yield said % ago(answer.asked_at, facts.now)
    yield from _webhook(answer, bot)


def _webhook(answer: Answer, bot: Bot) -> Iterator[str]:
    if answer.webhook == Answer.Webhook.ELSEWHERE:
        yield _("Its webhook points to %s.") % answer.webhook_host
    elif answer.webhook == Answer.Webhook.NONE and bot.mode == Bot.Mode.WEBHOOK:
        yield _("Telegram has no webhook for it.")
    if answer.webhook_pending:
        count = answer.webhook_pending
        said = ngettext("%d update waits at Telegram.", "%d updates wait at Telegram.", count)
        yield said % count
    if answer.is_failing:
        yield _("Telegram cannot deliver: “%s”.") % answer.webhook_error


def links(facts: Facts) -> Check:
    """Their states are known here, and what was found when their addresses were opened. Without any
    link, or with none that leads on, nobody knows."""
    broken = [one for one in facts.links if one.state in BROKEN]
    wrong = [one for one in facts.links if one.state in LEADS_ON and one.check in DENIED]
    late = [one for one in facts.links if one.missed]
    open_ = [one for one in facts.links if one.state in LEADS_ON]
    over = [one for one in facts.links if one.state not in BROKEN | LEADS_ON]
    address = f"{settings.TELEGRAM_LINK_BASE}/{facts.bot.username}" if facts.bot else ""
    return found(
        "links",
        State.FAIL if broken or wrong or late else State.PASS if open_ else State.UNKNOWN,
        [
            _lead_on(len(open_), facts) if open_ else "",
            *(f"{one.name}: {Link.State(one.state).label}" for one in broken[: words.NAMED]),
            *(f"{one.name}: {one.said}." for one in wrong[: words.NAMED]),
            *(_late(one) for one in late[: words.NAMED]),
            *(_ending(one, facts) for one in facts.links if one.ends_at),
            *_unlooked(facts),
            _("Expired or switched off: %s.") % ", ".join(one.name for one in over[: words.NAMED])
            if over
            else "",
            ""
            if facts.links
            else _(
                "There are no redirect links; an address that you have given out is not known here."
            ),
        ],
        at=facts.now if facts.links else None,
        fixes=[
            Fix(_("See what is wrong with the bot."), _page(facts))
            if broken
            else Fix(
                _("Change the links that are named."),
                reverse("console:links", args=[facts.project.public_id]),
            )
            if wrong or late
            else Fix(
                _(
                    "Open the address on a phone of your own, press START, and see the session "
                    "come."
                ),
                address,
            )
        ],
    )


def _late(one: LinkFact) -> str:
    said = ngettext(
        "%(name)s has expired, and %(count)d visit came since, in the last 7 days.",
        "%(name)s has expired, and %(count)d visits came since, in the last 7 days.",
        one.missed,
    )
    return said % {"name": one.name, "count": one.missed}


def _ending(one: LinkFact, facts: Facts) -> str:
    assert one.ends_at is not None
    at = words.clock_time(one.ends_at, facts.now, facts.zone)
    return _("%(name)s expires: %(at)s.") % {"name": one.name, "at": at}


def _unlooked(facts: Facts) -> Iterator[str]:
    """What says something of this installation and nothing of the links."""
    if not facts.links:
        return
    if not settings.PUBLIC_URL:
        yield words.no_public_url()
    elif any(one.check == Link.Check.UNREACHABLE for one in facts.links):
        yield _("The public address does not answer from here, so the links could not be opened.")


def _lead_on(count: int, facts: Facts) -> str:
    said = ngettext("%(count)d link leads to %(bot)s.", "%(count)d links lead to %(bot)s.", count)
    return said % {"count": count, "bot": facts.bot}


def rival(facts: Facts) -> Check:
    bot, answer = facts.bot, _fresh(facts)
    if bot is None:
        return found("rival", State.UNKNOWN, [_("The project has no bot yet.")], at=None)
    seen = []
    if bot.state in {Bot.State.CONFLICT, Bot.State.ELSEWHERE}:
        seen.append(_("%(bot)s: %(state)s.") % {"bot": bot, "state": bot.get_state_display()})
    if answer and answer.webhook == Answer.Webhook.ELSEWHERE:
        seen.append(_("Its webhook points to %s.") % answer.webhook_host)
    return found(
        "rival",
        passed(not seen),
        seen or [_("No other program has been seen.")],
        at=facts.now,
        fixes=[
            Fix(
                _(
                    "Stop the other program, or revoke the token at @BotFather and save the new one."
                ),
                _page(facts),
            )
        ],
    )


def _page(facts: Facts) -> str:
    return reverse("console:bot", args=[facts.project.public_id])
