"""Who would get a session and why, and what helps those who cannot receive one, in words."""

from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from projects.models import Agent, Project
from routing.choice import ONLINE_FIRST
from sessions_app.console import words
from sessions_app.events import Payload
from sessions_app.queries import guide
from sessions_app.queries.rehearsal import Meaning, Now

Row = dict[str, Any]


@dataclass(frozen=True)
class Fix:
    """What helps, and where that is done; without an address it is in somebody else's hands.
    `rule`: the guide's section on what is not met."""

    text: str
    address: str = ""
    rule: str = ""


# ---------------------------------------------------------------- who and why


def why(now: Now) -> str:
    """Why the next one is next, or why nobody is."""
    if not now.next:
        return _why_nobody(now)
    if len(now.able) == 1:
        return _("Nobody else can receive.")
    return _by_load(now) if now.rules.mode == ONLINE_FIRST else _by_turn(now)


def _why_nobody(now: Now) -> str:
    reason = words.project_reason(now.code) if now.code else _("Nobody can receive.")
    if not now.waiting:
        return reason + " " + _("It would wait in the line until somebody can.")
    text = ngettext(
        "It would wait in the line, behind %d other.",
        "It would wait in the line, behind %d others.",
        now.waiting,
    )
    return reason + " " + text % now.waiting


def _by_turn(now: Now) -> str:
    if now.after is None:
        return _("Nobody was served yet, and this is the first on the list who can receive.")
    return _(
        "Round-Robin: %s was served last, and this is the next on the list who can receive."
    ) % (now.after.user.name)


def _by_load(now: Now) -> str:
    chosen = now.next[0]
    equal = [place for place in now.able if place.open == chosen.open]
    count = ngettext("%d open session", "%d open sessions", chosen.open) % chosen.open
    if len(now.next) > 1:
        return _("Online-First: the fewest open sessions (%s each). One of them is drawn.") % count
    if len(equal) == 1:
        return _("Online-First: the fewest open sessions (%s).") % count
    others = ", ".join(place.agent.user.name for place in equal if place is not chosen)
    data = {"count": count, "others": others}
    if not chosen.turn:
        return (
            _("Online-First: as few open sessions as %(others)s (%(count)s), and never served yet.")
            % data
        )
    return (
        _("Online-First: as few open sessions as %(others)s (%(count)s), and served longest ago.")
        % data
    )


# ---------------------------------------------------------------- other rules


def told(meaning: Meaning, zone: ZoneInfo) -> Row:
    """What changed rules would mean at this moment. `lost`: who could no longer receive, with the
    reasons; `gained`: who could then."""
    before, after = meaning.before, meaning.after
    able_before = {place.agent.pk for place in before.able}
    able_after = {place.agent.pk for place in after.able}
    return {
        "is_stop": meaning.is_stop,
        "at": before.at.astimezone(zone),
        "next": [place.agent.user.name for place in after.next],
        "next_before": [place.agent.user.name for place in before.next],
        "why": why(after),
        "reasons": words.named(
            [(place.agent.user.name, place.codes) for place in after.places], before.at, zone
        ),
        "lost": [
            (place.agent.user.name, words.reasons(place.codes, before.at, zone))
            for place in after.places
            if place.agent.pk in able_before - able_after
        ],
        "gained": [
            place.agent.user.name
            for place in after.places
            if place.agent.pk in able_after - able_before
        ],
        "waiting": after.waiting,
    }


# ---------------------------------------------------------------- what helps


def of_project(code: str, project: Project) -> Fix | None:
    """What helps where nobody is asked at all."""
    texts = {
        "no_agents": (_("Add the first agent"), "team"),
        "project_paused": (_("Resume it under Today"), "today"),
        "bot_invalid": (_("See the bot"), "bot"),
    }
    rule = guide.of_rule(code)
    if code == "scope_empty":
        return Fix(_("Choose agents"), "#who", rule)
    if code not in texts:
        return None
    text, page = texts[code]
    return Fix(text, reverse(f"console:{page}", args=[project.public_id]), rule)


def of_agent(agent: Agent, codes: list[Payload]) -> list[Fix]:
    """What helps against each rule that is not met. Needs user loaded."""
    return [
        replace(_of_rule(code, failure["evidence"], agent), rule=guide.of_rule(code))
        for failure in codes
        if (code := str(failure["code"]))
    ]


def _of_rule(code: str, evidence: Row, agent: Agent) -> Fix:
    page = reverse("console:agent", args=[agent.public_id])
    match code:
        case "disabled":
            return _of_disabled(evidence["in"], page)
        case "not_member":
            return Fix(_("Make them a member again"), reverse("admin:accounts_membership_add"))
        case "no_reply_right":
            return Fix(_("Let them reply"), page)
        case "not_in_scope":
            return Fix(_("Put them on the list"), "#who")
        case "away":
            return Fix(_("They press Go online themselves"))
        case "page_hidden":
            return Fix(_("Let hidden pages receive"), "#id_hidden_pages_receive")
        case "off_hours":
            return Fix(_("Change their hours"), f"{page}#hours")
        case "at_limit":
            return Fix(_("Raise the limit"), page)
        case _:
            return _of_offline(agent, page)


def _of_disabled(place: str, page: str) -> Fix:
    if place == words.ACCOUNT:
        return Fix(_("Whoever runs the installation enables the account"))
    if place == words.COMPANY:
        return Fix(_("Enable the membership"), reverse("admin:accounts_membership_changelist"))
    return Fix(_("Enable them on this team"), page)


def _of_offline(agent: Agent, page: str) -> Fix:
    if not agent.user.has_usable_password():
        return Fix(_("Has no password yet: pass on a new link"), page)
    return Fix(_("They open the session page"))
