"""Codes, moments and states in words for managers. Pure: what is given in, sentences out."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from redirects.models import Link
from routing.models import Lease
from sessions_app.events import Payload
from sessions_app.models import RoutingAttempt

NAMED = 5  # how many agents a sentence names

ACCOUNT, COMPANY = "account", "company"


def span(seconds: float) -> str:
    """A length of time as people say it: "40 s", "4 min 10 s", "3 h 5 min", "2 days"."""
    whole = max(0, int(seconds))
    minutes, hours, days = whole // 60, whole // 3600, whole // 86_400
    if not minutes:
        return _("%d s") % whole
    if not hours:
        return _("%(min)d min %(s)d s") % {"min": minutes, "s": whole % 60}
    if days < 2:
        return _("%(h)d h %(min)d min") % {"h": hours, "min": minutes % 60}
    return ngettext("%d day", "%d days", days) % days


def decimal(number: float) -> str:
    """With one decimal, and the sign before it that the language has."""
    return number_format(round(number, 1), 1)  # it would cut the rest off


def ago(at: datetime, now: datetime) -> str:
    return _("%s ago") % span((now - at).total_seconds())


def clock_time(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """The time of day; with the date if it was another day in that zone."""
    there, today = at.astimezone(zone), now.astimezone(zone).date()
    return date_format(there, "H:i" if there.date() == today else "DAY_TIME")


# ---------------------------------------------------------------- why somebody cannot receive


def reason(failure: Payload, now: datetime, zone: ZoneInfo) -> str:
    """One rule that is not met: {"code", "evidence"} (docs/routing.md)."""
    code = str(failure["code"])
    evidence: dict[str, Any] = failure["evidence"]
    if code in ("offline", "away", "page_hidden"):
        return _since(code, evidence, now, zone)
    if code == "off_hours":
        return _off_hours(evidence, now, zone)
    if code == "at_limit":
        return _("at limit %(open)d / %(limit)d") % evidence
    if code == "disabled":
        return _disabled(evidence["in"])
    return {
        "not_member": _("not a member of the company"),
        "no_reply_right": _("may not reply"),
        "not_in_scope": _("not in the scope"),
        "not_in_link_list": _("not on the link's list"),
        "already_had_it": _("had it already"),
    }.get(code, code)


def _since(code: str, evidence: dict[str, Any], now: datetime, zone: ZoneInfo) -> str:
    state = {"offline": _("offline"), "away": _("away"), "page_hidden": _("page hidden")}[code]
    at = evidence.get("last_seen_at" if code == "offline" else "since")
    if not at:
        return _("has never been here") if code == "offline" else state
    time = clock_time(datetime.fromisoformat(at), now, zone)
    return _("%(state)s since %(time)s") % {"state": state, "time": time}


def _off_hours(evidence: dict[str, Any], now: datetime, zone: ZoneInfo) -> str:
    if not evidence["next"]:
        return _("off work")
    there = datetime.fromisoformat(evidence["next"]).astimezone(zone)
    is_today = there.date() == now.astimezone(zone).date()
    return _("off work until %s") % date_format(there, "H:i" if is_today else "D H:i")


def _disabled(place: str) -> str:
    if place == ACCOUNT:
        return _("account disabled")
    return _("disabled in the company") if place == COMPANY else _("disabled on this team")


def kind(failure: Payload) -> str:
    """The rule without its evidence, for counting."""
    code = str(failure["code"])
    return {
        "disabled": _("disabled"),
        "not_member": _("no member"),
        "no_reply_right": _("may not reply"),
        "not_in_scope": _("not in the scope"),
        "not_in_link_list": _("not on the link's list"),
        "away": _("away"),
        "offline": _("offline"),
        "page_hidden": _("page hidden"),
        "off_hours": _("off work"),
        "at_limit": _("at limit"),
    }.get(code, code)


def reasons(codes: Iterable[Payload], now: datetime, zone: ZoneInfo) -> str:
    return ", ".join(reason(failure, now, zone) for failure in codes)


def look(codes: Iterable[Payload]) -> str:
    """The colour of a chip: what a manager has to mend is red, what agents do themselves is not."""
    found = {failure["code"] for failure in codes}
    if not found:
        return "good"
    if found & {"not_in_scope", "no_reply_right", "disabled", "not_member"}:
        return "bad"
    return "warn" if "offline" not in found else ""


# ---------------------------------------------------------------- whether a link works from outside


def link_check(link: Link, now: datetime) -> str:
    """What was found when its address was opened last; empty if it never was."""
    if not link.checked_at:
        return ""
    said = {
        Link.Check.LEADS: _("leads to %s"),
        Link.Check.NOWHERE: _("shows the page that says that it leads nowhere (%s)"),
        Link.Check.WRONG: _("something else answers (%s): does PUBLIC_URL lead to this site?"),
        Link.Check.UNREACHABLE: _(
            "could not be opened, for the public address does not answer from here (%s)"
        ),
    }[Link.Check(link.check_state)]
    return _("%(found)s, looked at %(ago)s") % {
        "found": said % link_detail(link.check_detail),
        "ago": ago(link.checked_at, now),
    }


def link_detail(detail: str) -> str:
    return {
        "timeout": _("no answer in time"),
        "connection": _("no connection"),
        "certificate": _("its certificate is not trusted"),
    }.get(detail, detail)


def privacy_notice(*, click_days: float, ip_days: float, keeps_ips: bool) -> str:
    """What a company may say of its links in its privacy statement."""
    ip = _(
        "Your IP address is recorded, too; after %(days)d days its last part is removed, so that it "
        "no longer leads to you."
    ) % {"days": ip_days}
    return " ".join(
        [
            _(
                "When you open one of our links to our chat on Telegram, we record the time, the link, "
                "the kind and language of your browser, the page you came from and what the "
                "address of the link itself contains."
            ),
            ip if keeps_ips else _("Your IP address is not recorded."),
            _("If you press START in the chat, this visit is joined to your conversation with us."),
            _("We keep it for %(days)d days, set no cookies and hand it to nobody.")
            % {"days": click_days},
        ]
    )


def no_public_url() -> str:
    return _("PUBLIC_URL is not set, so nobody here knows by which address visitors come.")


def pages(leases: Sequence[Lease]) -> str:
    """The session pages that somebody has open, and whether they may notify; empty: none."""
    if not leases:
        return ""
    permissions = {lease.notify for lease in leases}
    if "granted" in permissions:
        told = _("notifications allowed")
    else:
        told = (
            _("notifications blocked")
            if "denied" in permissions
            else _("notifications not allowed yet")
        )
    count = ngettext("%d page open", "%d pages open", len(leases)) % len(leases)
    seen = "" if any(lease.visible for lease in leases) else _("hidden")
    return " · ".join(part for part in (count, seen, told) if part)


# ---------------------------------------------------------------- why nobody is asked


def project_reason(code: str) -> str:
    """Why a project routes nothing at all, or a session is not routed."""
    return {
        "no_agents": _("The team has no agents yet."),
        "scope_empty": _("Specified Agents is chosen, and the list is empty."),
        "project_paused": _("The project is paused."),
        "bot_invalid": _("The project has no bot that works."),
        "too_old": _("It waits longer than the rules allow: claim it or give it to somebody."),
    }.get(code, code)


def wait_reason(attempt: RoutingAttempt | None, now: datetime, zone: ZoneInfo) -> str:
    """Why a session waits, by the latest try to route it."""
    if attempt is None:
        return _("Will be routed in a moment.")
    if attempt.project_code:
        return project_reason(attempt.project_code)
    return named([(row["name"], row["codes"]) for row in attempt.verdicts], now, zone)


def stuck_reason(agents: list[Payload], code: str, now: datetime, zone: ZoneInfo) -> str:
    """Why nobody at all can receive."""
    if code:
        return project_reason(code)
    if not agents:
        return project_reason("no_agents")
    return named([(row["name"], row["codes"]) for row in agents], now, zone)


def named(verdicts: list[tuple[str, list[Payload]]], now: datetime, zone: ZoneInfo) -> str:
    """Name and unmet rules of each: "Lena: away since 13:40 · Tom: offline · 3 more"."""
    parts = [
        _("%(name)s: %(reasons)s") % {"name": name, "reasons": reasons(codes, now, zone)}
        for name, codes in verdicts[:NAMED]
        if codes
    ]
    left = len(verdicts) - NAMED
    more = [ngettext("%d more", "%d more", left) % left] if left > 0 else []
    return " · ".join(parts + more)
