"""The checklist, pure: facts about a project in, checks with evidence and fixes out."""

from collections import Counter
from dataclasses import dataclass

from insights.checks import agents, bot, work
from insights.checks.check import TEN, TITLES, Check, Fix, State
from insights.checks.facts import Facts
from live.events import moment
from sessions_app.events import Payload

__all__ = ["TEN", "TITLES", "Check", "Facts", "Fix", "Report", "State", "examine"]

# Of the report that docs/doctor.md describes.
VERSION = 1

CHECKS = (
    agents.signed_in,
    agents.online,
    agents.notifications,
    agents.team,
    agents.next_agent,
    agents.scope,
    bot.reading,
    bot.links,
    work.completed,
    work.pages,
    work.waiting,
    agents.limits,
    work.intake,
    work.delivery,
    work.blocked,
    bot.rival,
    work.dry_run,
)


@dataclass(frozen=True)
class Report:
    """A project's checks at the moment `facts.now`."""

    facts: Facts
    checks: tuple[Check, ...]

    @property
    def counts(self) -> dict[str, int]:
        counted = Counter(check.state.value for check in self.checks)
        return {state.value: counted[state.value] for state in State}

    @property
    def failed(self) -> list[Check]:
        return [check for check in self.checks if check.state == State.FAIL]

    @property
    def state(self) -> State:
        return State.FAIL if self.failed else State.PASS

    def as_json(self) -> Payload:
        """docs/doctor.md."""
        project, bot = self.facts.project, self.facts.bot
        return {
            "version": VERSION,
            "at": moment(self.facts.now),
            "project": {
                "id": str(project.public_id),
                "name": project.name,
                "state": project.state,
                "time_zone": project.time_zone,
            },
            "bot": {"username": bot.username, "mode": bot.mode, "state": bot.state}
            if bot
            else None,
            "state": self.state.value,
            "counts": self.counts,
            "checks": [check.as_json() for check in self.checks],
        }


def examine(facts: Facts) -> Report:
    return Report(facts, tuple(check(facts) for check in CHECKS))
