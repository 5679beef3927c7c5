"""Who is there, who may be told, who is next: checks 1 to 6, and limits."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from insights.checks.check import Check, Fix, State, found, names, passed, why_not
from insights.checks.facts import Echo, Facts, Person
from routing.choice import NEVER
from sessions_app.console import words

# So long a page may take to answer a test ping.
PATIENCE = timedelta(seconds=10)


def signed_in(facts: Facts) -> Check:
    here = facts.here
    return found(
        "signed_in",
        passed(bool(here)),
        [_counted_here(facts), why_not(facts, facts.people, "offline") if not here else ""],
        at=facts.now,
        fixes=[Fix(_leave_open(), reverse("sessions:page"))],
    )


def _counted_here(facts: Facts) -> str:
    here, size = facts.here, len(facts.people)
    if not size:
        return words.project_reason("no_agents")
    said = {"here": len(here), "size": size, "names": names(here)}
    if not here:
        return _("None of %(size)d has the session page open.") % said
    return _("%(here)d of %(size)d have the session page open: %(names)s.") % said


def _leave_open() -> str:
    return _("Agents open the session page and leave it open; a tab in the background is enough.")


def online(facts: Facts) -> Check:
    able = [person for person in facts.people if person.is_online]
    if able:
        said = _("Online: %s.") % names(able)
    elif facts.here:
        said = why_not(facts, facts.here, "away")
    else:
        said = _("Nobody has the session page open.")
    return found(
        "online",
        passed(bool(able)),
        [said],
        at=facts.now,
        fixes=[Fix(_("Somebody presses “Go online”."), reverse("sessions:page"))],
    )


def notifications(facts: Facts) -> Check:
    """Of each who is here one page is enough: the browser gives its leave for all of its pages.
    Who was sent a test ping lately must have answered it, too."""
    here = facts.here
    if not here:
        return found("notifications", State.UNKNOWN, [_("Nobody is here to ask.")], at=None)
    mute = [person for person in here if not _may_be_told(person)]
    asked = [(person, person.echo) for person in here if person.echo]
    unsure = [person for person, echo in asked if _is_unanswered(echo, facts.now)]
    heard = [person for person in here if any(page.sound for page in person.pages)]
    return found(
        "notifications",
        passed(not mute and not unsure),
        [
            *(_why_mute(person) for person in mute[: words.NAMED]),
            _allowed(len(here) - len(mute), len(here)),
            _("With sound: %s.") % names(heard) if heard else "",
            *(_told(person.name, echo, facts) for person, echo in asked[: words.NAMED]),
        ],
        at=facts.now,
        fixes=_for_the_mute() if mute else _for_the_unsure(),
    )


def _for_the_mute() -> list[Fix]:
    said = _("They press “Allow” under “Can you receive?” on the session page, or undo the block.")
    return [Fix(said, reverse("sessions:page"))]


def _for_the_unsure() -> list[Fix]:
    said = _(
        "They look whether the system hides notifications (do not disturb, focus), and load the "
        "session page again."
    )
    return [Fix(said, reverse("sessions:page"))]


def _is_unanswered(echo: Echo, now: datetime) -> bool:
    """A notification has not been shown in all that time. Whether it may be is another question."""
    return not echo.is_shown and now - echo.sent_at > PATIENCE


def _told(name: str, echo: Echo, facts: Facts) -> str:
    said = {
        "name": name,
        "time": words.clock_time(echo.sent_at, facts.now, facts.zone),
        "pages": _pages(echo),
        "s": words.decimal(echo.after_s),
    }
    if echo.is_shown:
        return (
            _("%(name)s: the test ping of %(time)s arrived on %(pages)s in %(s)s s and was shown.")
            % said
        )
    if echo.answered:
        return (
            _("%(name)s: the test ping of %(time)s arrived on %(pages)s in %(s)s s, not shown.")
            % said
        )
    if facts.now - echo.sent_at > PATIENCE:
        return _("%(name)s: no answer to the test ping of %(time)s.") % said
    return _("%(name)s: a test ping is under way.") % said


def _pages(echo: Echo) -> str:
    if echo.answered < echo.pages:
        return _("%(answered)d of %(pages)d pages") % {
            "answered": echo.answered,
            "pages": echo.pages,
        }
    return ngettext("%d page", "%d pages", echo.answered) % echo.answered


def _may_be_told(person: Person) -> bool:
    return any(page.notify == "granted" for page in person.pages)


def _why_mute(person: Person) -> str:
    is_refused = any(page.notify == "denied" for page in person.pages)
    said = _("%s: blocked in the browser") if is_refused else _("%s: not allowed yet")
    return said % person.name


def _allowed(count: int, size: int) -> str:
    said = ngettext(
        "%(count)d of %(size)d who is here may be notified.",
        "%(count)d of %(size)d who are here may be notified.",
        size,
    )
    return said % {"count": count, "size": size}


def team(facts: Facts) -> Check:
    fit = [person for person in facts.people if person.may_answer]
    unfit = [person for person in facts.people if not person.may_answer]
    said = _("%(fit)d of %(size)d are enabled and may reply.") % {
        "fit": len(fit),
        "size": len(facts.people),
    }
    return found(
        "team",
        passed(bool(fit)),
        [
            said if facts.people else words.project_reason("no_agents"),
            why_not(facts, unfit, *NEVER),
        ],
        at=facts.now,
        fixes=[Fix(_("Add an agent, or let one reply."), _of(facts, "team"))],
    )


def next_agent(facts: Facts) -> Check:
    """The rules are asked, as for a session that would open now."""
    able = [person for person in facts.people if person.is_next]
    if able:
        said = _("%(mode)s: %(names)s.") % {"mode": facts.mode, "names": _or(able)}
    else:
        rows = [{"name": person.name, "codes": person.codes} for person in facts.people]
        said = words.stuck_reason(rows, facts.code, facts.now, facts.zone)
    return found("next", passed(bool(able)), [said], at=facts.now, fixes=_fixes(facts))


def _or(able: list[Person]) -> str:
    if len(able) == 1:
        return _("%s is next") % able[0].name
    return _("one of them is next, by chance: %s") % names(able)


def _fixes(facts: Facts) -> Iterator[Fix]:
    """For each rule that somebody does not meet; what stops the whole project before all."""
    if facts.code == "project_paused":
        yield Fix(_("Resume the project."), _of(facts, "settings"))
    elif facts.code == "bot_invalid":
        yield Fix(_("See what is wrong with the bot."), _of(facts, "bot"))
    unmet = {code for person in facts.people for code in person.unmet}
    if not facts.people or unmet & NEVER:
        yield Fix(_("Add an agent, or let one reply."), _of(facts, "team"))
    if "offline" in unmet:
        yield Fix(_leave_open(), reverse("sessions:page"))
    if "away" in unmet:
        yield Fix(_("Who is away presses “Go online”."), reverse("sessions:page"))
    if "page_hidden" in unmet:
        yield Fix(
            _("They bring the session page to the front, or hidden pages may receive."),
            _of(facts, "rules"),
        )
    if "not_in_scope" in unmet:
        yield Fix(_("Add them to the list, or choose All Agents."), _of(facts, "rules"))
    if "at_limit" in unmet:
        yield Fix(_("They complete a session, or get a higher limit."), _of(facts, "team"))
    if "off_hours" in unmet:
        yield Fix(_("Change their working hours, or wait for them."), _of(facts, "team"))


def scope(facts: Facts) -> Check:
    listed = [person for person in facts.people if person.is_in_scope]
    if not facts.is_specified:
        said = _("%s: everybody on the team, and who joins it later.") % facts.scope
        return found("scope", State.PASS, [said], at=facts.now)
    fit = [person for person in listed if person.may_answer]
    return found(
        "scope",
        passed(bool(fit)),
        [
            _("%(scope)s: %(names)s.") % {"scope": facts.scope, "names": names(listed)}
            if listed
            else words.project_reason("scope_empty"),
            why_not(facts, listed, *NEVER),
        ],
        at=facts.now,
        fixes=[
            Fix(_("Add agents to the list, or choose All Agents."), _of(facts, "rules")),
        ],
    )


def limits(facts: Facts) -> Check:
    """It fails if somebody could receive, but for his limit, and nobody else can."""
    full = [person for person in facts.people if "at_limit" in person.unmet]
    is_only = any(person.unmet == {"at_limit"} for person in full)
    has_room = any(not person.codes for person in facts.people)
    limited = sum(person.limit is not None for person in facts.people)
    said = _("%(full)d of %(limited)d who have a limit have reached it.") % {
        "full": len(full),
        "limited": limited,
    }
    return found(
        "limits",
        passed(has_room or not is_only),
        [
            said if limited else _("Nobody has a limit."),
            why_not(facts, full, "at_limit"),
        ],
        at=facts.now,
        fixes=[Fix(_("They complete a session, or get a higher limit."), _of(facts, "team"))],
    )


def _of(facts: Facts, page: str) -> str:
    return reverse(f"console:{page}", args=[facts.project.public_id])
