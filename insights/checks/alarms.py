"""Which of the doctor's findings are worth an alarm. Pure: facts in, what is alarming out."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from insights.checks import agents, bot, work
from insights.checks.check import Check, State
from insights.checks.facts import Facts
from insights.models import Alarm
from sessions_app.events import Payload


@dataclass(frozen=True)
class Sight:
    """A trouble as it is seen now. `since`: when it began, where the rows tell; None: unknown.
    `told`: what the check says, by language, as `Alarm` keeps it."""

    project: int
    kind: str
    check: Check
    since: datetime | None = None
    told: Payload = field(default_factory=dict)


def told(by_language: Mapping[str, Iterable[Sight]]) -> Iterator[Sight]:
    """The same sights, seen in each language, with what they say in all of them."""
    every = {language: {one.kind: one for one in seen} for language, seen in by_language.items()}
    for kind, sight in next(iter(every.values())).items():
        yield replace(sight, told={code: _words(seen[kind].check) for code, seen in every.items()})


def _words(check: Check) -> Payload:
    said = check.as_json()
    return {"evidence": said["evidence"], "fixes": said["fixes"]}


def sights(facts: Facts, thresholds: Mapping[str, timedelta]) -> Iterator[Sight]:
    """Of the kinds that have a threshold."""
    for kind, look in LOOKS.items():
        if kind in thresholds:
            seen = look(facts, thresholds[kind])
            if seen:
                yield seen


def _nobody(facts: Facts, threshold: timedelta) -> Sight | None:
    """A project that is paused was paused by somebody; a bot that fails has its own alarm; and
    outside of everybody's working hours nobody is meant to be there."""
    if facts.code or facts.is_closed:
        return None
    return _if_failed(facts, Alarm.Kind.NOBODY, agents.next_agent(facts))


def _bot(facts: Facts, threshold: timedelta) -> Sight | None:
    if facts.bot is None:
        return None
    return _if_failed(facts, Alarm.Kind.BOT, bot.reading(facts))


def _waiting(facts: Facts, threshold: timedelta) -> Sight | None:
    since = facts.line.since
    if since is None or facts.now - since < threshold:
        return None
    return _if_failed(facts, Alarm.Kind.WAITING, work.waiting(facts), since)


def _if_failed(
    facts: Facts, kind: str, check: Check, since: datetime | None = None
) -> Sight | None:
    if check.state != State.FAIL:
        return None
    return Sight(facts.project.pk, str(kind), check, since)


LOOKS: dict[str, Callable[[Facts, timedelta], Sight | None]] = {
    Alarm.Kind.NOBODY.value: _nobody,
    Alarm.Kind.BOT.value: _bot,
    Alarm.Kind.WAITING.value: _waiting,
}
