"""What becomes of messages: checks 9 and 10, the line, what comes in and what goes out."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import health
from insights.checks.check import Check, Fix, State, found, names, passed
from insights.checks.facts import Facts, Page, Person, TrialFact
from sessions_app.console.words import clock_time, decimal, project_reason, span

# When somebody can receive, a session is assigned within seconds.
LONG_S = 60
SHOWN = 5
UNCERTAIN, FAILED = "uncertain", "failed"
# He has blocked the bot: nobody's fault, and a check of its own.
FORBIDDEN = "403"
# So long a dry run may take, from the button to the router.
PATIENCE = timedelta(seconds=30)


def completed(facts: Facts) -> Check:
    numbers = ", ".join(f"#{number}" for number in facts.hiding[:SHOWN])
    said = _("Written to after it was completed, and no session opened: %s.") % numbers
    return found(
        "completed",
        passed(not facts.hiding),
        [said if facts.hiding else _("No completed session was written to without a new one.")],
        at=facts.now,
        fixes=[
            Fix(
                _("Reopen them by hand, and report it with these numbers."),
                reverse("sessions:page"),
            )
        ],
    )


def pages(facts: Facts) -> Check:
    """What a page has shown is known to the page alone, which fetches what it misses as long as it
    is heard of."""
    every = [(person, page) for person in facts.people for page in person.pages if _is_open(page)]
    late = [(person, page) for person, page in every if _is_late(page)]
    count = len(every)
    if not count:
        return found("pages", State.UNKNOWN, [_("No session page is open.")], at=None)
    said = ngettext(
        "%(count)d page is open and has reported within %(span)s.",
        "%(count)d pages are open and have reported within %(span)s.",
        count,
    )
    heard = said % {"count": count, "span": span(2 * settings.BEAT_SECONDS)}
    return found(
        "pages",
        passed(not late),
        [_silent(person, page) for person, page in late[:SHOWN]] or [heard],
        at=facts.now,
        fixes=[
            Fix(
                _(
                    "It comes back by itself when it wakes up or its network does; until then it "
                    "says “Reconnecting”. If it does not, load it again."
                ),
                reverse("sessions:page"),
            )
        ],
    )


def _is_open(page: Page) -> bool:
    """What is about to end was closed: it has no more to report."""
    closing: float = settings.CLOSE_SECONDS
    return page.left_s > closing


def _is_late(page: Page) -> bool:
    """Two beats are missing."""
    usual: float = settings.LEASE_SECONDS - 2 * settings.BEAT_SECONDS
    return page.left_s < usual


def _silent(person: Person, page: Page) -> str:
    silence = span(settings.LEASE_SECONDS - page.left_s)
    return _("A page of %(names)s has not reported for %(span)s.") % {
        "names": names([person]),
        "span": silence,
    }


def waiting(facts: Facts) -> Check:
    line = facts.line
    if line.since is None:
        return found("waiting", State.PASS, [_("Nobody waits.")], at=facts.now)
    wait_s = (facts.now - line.since).total_seconds()
    said = ngettext(
        "%(count)d session waits, the oldest (#%(number)d) for %(span)s.",
        "%(count)d sessions wait, the oldest (#%(number)d) for %(span)s.",
        line.waiting,
    )
    return found(
        "waiting",
        passed(wait_s <= LONG_S),
        [
            said % {"count": line.waiting, "number": line.number, "span": span(wait_s)},
            _left_to_people(line.too_old),
        ],
        at=facts.now,
        fixes=[
            Fix(
                _("Somebody claims it, or a manager gives it to somebody. Check 5 says why."),
                reverse("sessions:page"),
            )
        ],
    )


def _left_to_people(count: int) -> str:
    said = ngettext(
        "%d waits longer than the rules allow and is left to people.",
        "%d wait longer than the rules allow and are left to people.",
        count,
    )
    return said % count if count else ""


def intake(facts: Facts) -> Check:
    if facts.health is None:
        return found("intake", State.UNKNOWN, [_("The project has no bot yet.")], at=None)
    inbox, limit = facts.health["inbox"], health.parts["inbox"].limits["oldest_s"]
    age_s = (facts.now - inbox["oldest_at"]).total_seconds() if inbox["oldest_at"] else 0.0
    parked = inbox["parked"]
    link = reverse("admin:bots_inboundupdate_changelist") + "?state__exact=parked"
    return found(
        "intake",
        passed(not parked and age_s <= limit),
        [
            _waits(inbox["pending"], age_s) if inbox["pending"] else _("Nothing waits."),
            _not_understood(parked),
        ],
        at=facts.now,
        fixes=[
            Fix(
                _("Look at them, and have them replayed once the reason is mended."),
                link if parked else "",
            )
        ],
    )


def _waits(count: int, age_s: float) -> str:
    said = ngettext(
        "%(count)d update waits, the oldest for %(span)s.",
        "%(count)d updates wait, the oldest for %(span)s.",
        count,
    )
    return said % {"count": count, "span": span(age_s)}


def _not_understood(count: int) -> str:
    said = ngettext(
        "%d update could not be understood. Its bytes are kept.",
        "%d updates could not be understood. Their bytes are kept.",
        count,
    )
    return said % count if count else ""


def delivery(facts: Facts) -> Check:
    """What was not, or perhaps not, delivered since yesterday, and what waits too long to leave."""
    if facts.health is None:
        return found("delivery", State.UNKNOWN, [_("The project has no bot yet.")], at=None)
    outbox, limit = facts.health["outbox"], health.parts["outbox"].limits["oldest_s"]
    age_s = (facts.now - outbox["oldest_at"]).total_seconds() if outbox["oldest_at"] else 0.0
    is_ours = any(state == UNCERTAIN or code != FORBIDDEN for state, code in facts.undelivered)
    return found(
        "delivery",
        passed(not is_ours and age_s <= limit),
        [
            *(_undelivered(facts) or [_("Nothing failed in the last 24 hours.")]),
            _unsent(outbox["queued"], age_s) if age_s > limit else "",
        ],
        at=facts.now,
        fixes=_mend_delivery(facts, is_waiting=age_s > limit),
    )


def _undelivered(facts: Facts) -> list[str]:
    """By state, with the codes: "3 failed in the last 24 hours (400: 2, too_late: 1)."."""
    lines = []
    for state, said in (
        (UNCERTAIN, _("%(count)d uncertain in the last 24 hours (%(codes)s).")),
        (FAILED, _("%(count)d failed in the last 24 hours (%(codes)s).")),
    ):
        codes = {code: n for (one, code), n in sorted(facts.undelivered.items()) if one == state}
        if codes:
            listed = ", ".join(f"{code or '?'}: {n}" for code, n in codes.items())
            lines.append(said % {"count": sum(codes.values()), "codes": listed})
    return lines


def _unsent(count: int, age_s: float) -> str:
    said = ngettext(
        "%(count)d call waits to be sent, the oldest for %(span)s.",
        "%(count)d calls wait to be sent, the oldest for %(span)s.",
        count,
    )
    return said % {"count": count, "span": span(age_s)}


def _mend_delivery(facts: Facts, *, is_waiting: bool) -> Iterator[Fix]:
    if facts.undelivered:
        yield Fix(
            _("In each session the owner sees the reason, and sends again what is to arrive."),
            reverse("sessions:page"),
        )
    if is_waiting:
        yield Fix(
            _("See whether the gateway runs, and whether Telegram asks for a pause."),
            reverse("console:bot", args=[facts.project.public_id]),
        )


def blocked(facts: Facts) -> Check:
    count = facts.unreachable
    said = ngettext(
        "%d open session is with a customer who has blocked the bot.",
        "%d open sessions are with customers who have blocked the bot.",
        count,
    )
    return found(
        "blocked",
        passed(not count),
        [said % count if count else _("No customer of an open session has blocked the bot.")],
        at=facts.now,
        fixes=[
            Fix(
                _("Nothing that is written arrives until they come back: complete the sessions."),
                reverse("sessions:page"),
            )
        ],
    )


def dry_run(facts: Facts) -> Check:
    """What a manager has sent through inbox, worker and router. Nobody has asked: nothing is known."""
    trial = facts.trial
    if trial is None:
        said = _("No dry run in the last hour.")
        return found("dry_run", State.UNKNOWN, [said], at=None, fixes=[Fix(_("Press “Dry run”."))])
    is_over = trial.decided_at is not None or facts.now - trial.asked_at > PATIENCE
    state = passed(bool(trial.names)) if is_over else State.UNKNOWN
    return found(
        "dry_run",
        state,
        [*_way_of(trial, facts)],
        at=trial.asked_at,
        fixes=_for_a_trial(trial, facts) if is_over else [],
    )


def _way_of(trial: TrialFact, facts: Facts) -> Iterator[str]:
    yield _("Sent at %s.") % clock_time(trial.asked_at, facts.now, facts.zone)
    if trial.taken_at is None:
        waits = span((facts.now - trial.asked_at).total_seconds())
        yield _("No worker has taken it out of the inbox for %s.") % waits
        return
    taken_s = (trial.taken_at - trial.asked_at).total_seconds()
    yield _("A worker has taken it out of the inbox after %s s.") % decimal(taken_s)
    if trial.decided_at is None:
        yield _("The router has not answered.")
    elif trial.names:
        yield _("The router would have given it to %s.") % _(" or ").join(trial.names)
    else:
        why = project_reason(trial.code) if trial.code else _("Check 5 says why.")
        yield _("The router would have given it to nobody.") + " " + why


def _for_a_trial(trial: TrialFact, facts: Facts) -> list[Fix]:
    if trial.decided_at is None:
        said = _(
            "Whoever runs the installation looks whether a worker runs, and what /readyz says of it."
        )
        return [Fix(said)]
    said = _("Mend what check 5 names, then send another.")
    return [Fix(said, reverse("console:rules", args=[facts.project.public_id]))]
