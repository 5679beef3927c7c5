"""What the checks judge: plain data, read once. Nothing of a customer is in it but numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from bots.models import Bot
from insights.models import Answer
from projects.models import Project
from routing.choice import NEVER
from sessions_app.events import Payload


@dataclass(frozen=True)
class Page:
    """An open session page as it reported itself last. `left_s`: until its lease runs out."""

    notify: str
    sound: bool
    left_s: float


@dataclass(frozen=True)
class Echo:
    """A test ping: to how many pages, and how many have answered, the last of them `after_s`.

    `is_shown`: one of them has shown a notification.
    """

    sent_at: datetime
    pages: int
    answered: int
    after_s: float
    is_shown: bool


@dataclass(frozen=True)
class Person:
    """An agent of the team. `codes`: the rules that are not met, [{"code", "evidence"}]. `echo`: of
    the latest test ping, if there was one lately."""

    name: str
    codes: tuple[Payload, ...]
    open: int
    limit: int | None
    is_next: bool
    pages: tuple[Page, ...]
    echo: Echo | None

    @property
    def unmet(self) -> frozenset[str]:
        return frozenset(str(failure["code"]) for failure in self.codes)

    @property
    def is_here(self) -> bool:
        """Has a session page open."""
        return "offline" not in self.unmet

    @property
    def is_online(self) -> bool:
        return self.is_here and "away" not in self.unmet

    @property
    def may_answer(self) -> bool:
        return not self.unmet & NEVER

    @property
    def is_in_scope(self) -> bool:
        return "not_in_scope" not in self.unmet

    def because(self, *codes: str) -> list[Payload]:
        """Of the rules not met, these."""
        return [failure for failure in self.codes if failure["code"] in codes]


@dataclass(frozen=True)
class Line:
    """What waits. `too_old`: how many wait longer than is routed."""

    waiting: int = 0
    number: int = 0
    since: datetime | None = None
    too_old: int = 0


@dataclass(frozen=True)
class LinkFact:
    """A redirect link that is not archived, and where it leads now (redirects.models.Link.State).

    `check`: what was found when its address was opened last, `said` the same in words, empty if it
    never was. `ends_at`: when it expires, if that is soon. `missed`: visits of the last days after it
    had expired.
    """

    name: str
    state: str
    check: str = ""
    said: str = ""
    ends_at: datetime | None = None
    missed: int = 0


@dataclass(frozen=True)
class TrialFact:
    """The latest dry run of the last hour. `names`: to whom it might have gone; `code`: why nobody
    was asked; the moments are None as long as it has not come there."""

    asked_at: datetime
    taken_at: datetime | None = None
    decided_at: datetime | None = None
    names: tuple[str, ...] = ()
    code: str = ""


@dataclass(frozen=True)
class Facts:
    """A project at one moment.

    `mode`, `scope`: of the pool, in words; `is_specified`: Specified Agents. `code`: why the
    project routes nothing at all. `health`: of the bot (bots.queries.health). `answer`: what Telegram
    said when it was asked lately. `undelivered`: calls of the last 24 h by state and error code.
    `unreachable`: open sessions whose customer has blocked the bot. `hiding`: numbers of completed
    sessions that hide a customer, the first few. `trial`: None if none was asked for lately.
    """

    project: Project
    now: datetime
    mode: str
    scope: str
    is_specified: bool
    code: str
    people: tuple[Person, ...]
    links: tuple[LinkFact, ...]
    bot: Bot | None
    health: Mapping[str, Any] | None
    answer: Answer | None
    line: Line
    undelivered: Mapping[tuple[str, str], int]
    unreachable: int
    hiding: tuple[int, ...]
    trial: TrialFact | None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.project.time_zone)

    @property
    def here(self) -> list[Person]:
        return [person for person in self.people if person.is_here]

    @property
    def is_closed(self) -> bool:
        """Everybody who could be asked is outside of his own working hours."""
        asked = [person for person in self.people if person.may_answer and person.is_in_scope]
        return bool(asked) and all("off_hours" in person.unmet for person in asked)

    def without_names(self) -> "Facts":
        """The same, with agents called by their place in the list."""
        people = [
            replace(person, name=_("agent %d") % place)
            for place, person in enumerate(self.people, 1)
        ]
        called = dict(zip([one.name for one in self.people], people, strict=True))
        trial = self.trial and replace(
            self.trial,
            names=tuple(called[name].name if name in called else "–" for name in self.trial.names),
        )
        return replace(self, people=tuple(people), trial=trial)
