"""What a check says."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from insights.checks.facts import Facts, Person
from live.events import moment
from sessions_app.console import words
from sessions_app.events import Payload
from sessions_app.queries import guide

# By their stable codes, in the order in which they are told. The first ten have numbers.
TITLES: dict[str, Promise] = {
    "signed_in": gettext_lazy("Agents are signed in"),
    "online": gettext_lazy("Somebody is online"),
    "notifications": gettext_lazy("Browsers may notify"),
    "team": gettext_lazy("The team has agents"),
    "next": gettext_lazy("Somebody would be next"),
    "scope": gettext_lazy("The scope holds somebody"),
    "bot": gettext_lazy("The bot is read"),
    "links": gettext_lazy("Redirect links lead here"),
    "completed": gettext_lazy("Nobody is hidden by a completed session"),
    "pages": gettext_lazy("Pages are current"),
    "waiting": gettext_lazy("Nobody waits for long"),
    "limits": gettext_lazy("Limits leave room"),
    "intake": gettext_lazy("What comes in is taken in"),
    "delivery": gettext_lazy("Replies arrive"),
    "blocked": gettext_lazy("Open sessions can be answered"),
    "rival": gettext_lazy("No other program reads the bot"),
    "dry_run": gettext_lazy("A dry run comes through"),
}
TEN = 10


class State(StrEnum):
    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Fix:
    """What to do. `link`: where; a path of this site, an address elsewhere, or nothing."""

    text: str
    link: str = ""


@dataclass(frozen=True)
class Check:
    """`number`: 1 to 10, None beyond the ten. `at`: the moment of the evidence, None if there was
    none. `guide`: the section of the guide."""

    code: str
    number: int | None
    title: str
    state: State
    evidence: tuple[str, ...]
    at: datetime | None
    fixes: tuple[Fix, ...]
    guide: str

    def as_json(self) -> Payload:
        return {
            "number": self.number,
            "code": self.code,
            "title": self.title,
            "state": self.state.value,
            "at": moment(self.at),
            "evidence": list(self.evidence),
            "fixes": [{"text": fix.text, "link": fix.link} for fix in self.fixes],
            "guide": self.guide,
        }


def found(
    code: str,
    state: State,
    evidence: Iterable[str],
    *,
    at: datetime | None,
    fixes: Iterable[Fix] = (),
) -> Check:
    """The fixes are told only where something is to be mended, or to be tried."""
    place = list(TITLES).index(code)
    return Check(
        code=code,
        number=place + 1 if place < TEN else None,
        title=str(TITLES[code]),
        state=state,
        evidence=tuple(line for line in evidence if line),
        at=at,
        fixes=() if state == State.PASS else tuple(fixes),
        guide=_section(place),
    )


def passed(is_so: bool) -> State:
    return State.PASS if is_so else State.FAIL


def _section(place: int) -> str:
    """The guide's page tells the same in the same order, with a heading between the two kinds."""
    heading = guide.guide("checks").headings[place if place < TEN else place + 1]
    return f"{guide.address('checks')}#{heading.anchor}"


# ---------------------------------------------------------------- people in words


def names(people: Iterable[Person]) -> str:
    """ "Lena, Tom and 3 more"."""
    every = [person.name for person in people]
    left = len(every) - words.NAMED
    shown = ", ".join(every[: words.NAMED])
    if left <= 0:
        return shown
    more = ngettext("%d more", "%d more", left) % left
    return _("%(names)s and %(more)s") % {"names": shown, "more": more}


def why_not(facts: Facts, people: Iterable[Person], *codes: str) -> str:
    """Of each the rules that are not met, or only these: "Lena: away since 13:40 · Tom: offline"."""
    rows = [
        (person.name, person.because(*codes) if codes else list(person.codes)) for person in people
    ]
    return words.named([row for row in rows if row[1]], facts.now, facts.zone)
