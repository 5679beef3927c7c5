"""Who gets a session: plain data in, an agent (or nobody) and the verdict for each candidate out.

The rules people read about are here and nowhere else: one allow-list, two modes. No rows, no clock.
Codes are stable and documented; evidence is plain JSON.
"""

import random
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

ROUND_ROBIN = "round_robin"
ONLINE_FIRST = "online_first"

# A place in the list: (position, key). The key parts those who stand at the same position.
Place = tuple[int, int]
BEFORE_ALL: Place = (-1, 0)

_PLACE = attrgetter("place")

# Nobody may hand a session to someone of whom one of these is true, not even a manager.
NEVER = frozenset({"disabled", "not_member", "no_reply_right"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """An agent, as far as the rules ask. Times are text: they are evidence for people.

    `disabled_in`: "account", "company" or "project" if he is disabled there. `hours_today`: the
    spans of his working hours that begin on this day; `hours_begin_at`: when the next one does.
    `limit`: open sessions at most, None for no limit. `last_turn`: the pool's turn at which he was
    served last, 0 if never.
    """

    agent: int
    place: Place
    disabled_in: str = ""
    is_member: bool = True
    may_reply: bool = True
    in_scope: bool = True
    is_away: bool = False
    is_connected: bool = True
    is_hidden: bool = False
    away_since: str | None = None
    hidden_since: str | None = None
    last_seen_at: str | None = None
    is_off_hours: bool = False
    hours_today: tuple[str, ...] = ()
    hours_begin_at: str | None = None
    open: int = 0
    limit: int | None = None
    last_turn: int = 0

    def served(self, turn: int | None) -> "Candidate":
        """The same agent with one session more; `turn` if it was his turn."""
        last_turn = self.last_turn if turn is None else turn
        return replace(self, open=self.open + 1, last_turn=last_turn)


@dataclass(frozen=True, slots=True)
class Rules:
    """A project's choices. `list_size`: how many are on the Specified list, None for All Agents."""

    mode: str = ROUND_ROBIN
    random_ties: bool = False
    list_size: int | None = None
    hidden_pages_receive: bool = True


@dataclass(frozen=True, slots=True)
class Failure:
    """One rule that is not met, and why."""

    code: str
    evidence: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code, "evidence": self.evidence}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The rules that a candidate does not meet; none: eligible."""

    candidate: Candidate
    failures: tuple[Failure, ...]

    @property
    def is_eligible(self) -> bool:
        return not self.failures

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(failure.code for failure in self.failures)


@dataclass(frozen=True, slots=True)
class Choice:
    """`agent`: who gets the session, None for nobody. `is_former`: as the customer's former agent,
    which costs nobody a turn. `code`: why nobody at all was asked. `mode`: the mode that chose."""

    agent: int | None
    verdicts: tuple[Verdict, ...]
    mode: str
    is_former: bool = False
    code: str = ""


def choose(
    *,
    candidates: Sequence[Candidate],
    rules: Rules,
    cursor: Place = BEFORE_ALL,
    project_code: str = "",
    former: int | None = None,
    listed: frozenset[int] | None = None,
    had_it: Collection[int] = (),
    has_waited: bool = False,
    rng: random.Random | None = None,
) -> Choice:
    """Choose for one session; see `Table.choose`."""
    return Table(candidates, rules).choose(
        cursor=cursor,
        project_code=project_code,
        former=former,
        listed=listed,
        had_it=had_it,
        has_waited=has_waited,
        rng=rng,
    )


class Table:
    """A team to choose from again and again: each candidate is judged once, and once more whenever
    he was served."""

    def __init__(self, candidates: Sequence[Candidate], rules: Rules) -> None:
        self.rules = rules
        # In the order of the list.
        self.verdicts = {one.agent: judge(one, rules) for one in sorted(candidates, key=_PLACE)}
        # The same for lists that redirect links have, as far as they were asked for.
        self.of_lists: dict[frozenset[int], dict[int, Verdict]] = {}
        self.nobody = _nobody_to_ask(candidates, rules)

    @property
    def can_serve(self) -> bool:
        """Whether anybody could receive another session."""
        tables = (self.verdicts, *self.of_lists.values())
        return any(verdict.is_eligible for table in tables for verdict in table.values())

    @property
    def able(self) -> tuple[int, ...]:
        """Who could receive another session."""
        return tuple(agent for agent, one in self.verdicts.items() if one.is_eligible)

    def put(self, candidate: Candidate) -> None:
        """He is judged anew: something about him is other than before."""
        self.verdicts[candidate.agent] = judge(candidate, self.rules)
        for listed, verdicts in self.of_lists.items():
            verdicts[candidate.agent] = judge(candidate, self.rules, listed=listed)

    def serve(self, agent: int, turn: int | None) -> Candidate:
        """He has one session more; `turn` if it was his turn."""
        served = self.verdicts[agent].candidate.served(turn)
        self.put(served)
        return served

    def choose(
        self,
        *,
        cursor: Place = BEFORE_ALL,
        project_code: str = "",
        former: int | None = None,
        listed: frozenset[int] | None = None,
        had_it: Collection[int] = (),
        has_waited: bool = False,
        rng: random.Random | None = None,
    ) -> Choice:
        """Choose for one session. Nothing is changed: `serve` says that he got it.

        `cursor` is the place of the agent served last, or the gap where he stood. `project_code`
        says why the project does not route at all. `former` is asked first. `listed`: the
        agents of the link that brought it, in the place of the project's scope. `had_it`: agents it
        must not go back to. A session that `has_waited` for anybody to become able is served by
        turn in any mode. `rng` breaks random ties.
        """
        verdicts = self._verdicts(had_it, listed)
        mode = ROUND_ROBIN if has_waited else self.rules.mode
        code = project_code or (self.nobody if listed is None else "")
        eligible = [] if code else [one.candidate for one in verdicts if not one.failures]
        if former is not None and any(one.agent == former for one in eligible):
            return Choice(former, verdicts, mode, is_former=True)
        if not eligible:
            return Choice(None, verdicts, mode, code=code)
        if mode == ROUND_ROBIN:
            chosen = _next(eligible, cursor)
        else:
            chosen = _least_busy(eligible, self.rules, rng)
        return Choice(chosen.agent, verdicts, mode)

    def _verdicts(
        self, had_it: Collection[int], listed: frozenset[int] | None
    ) -> tuple[Verdict, ...]:
        found = self.verdicts if listed is None else self._of_list(listed)
        if not had_it:
            return tuple(found.values())
        return tuple(
            judge(one.candidate, self.rules, had_it, listed)
            if one.candidate.agent in had_it
            else one
            for one in found.values()
        )

    def _of_list(self, listed: frozenset[int]) -> dict[int, Verdict]:
        if listed not in self.of_lists:
            self.of_lists[listed] = {
                agent: judge(one.candidate, self.rules, listed=listed)
                for agent, one in self.verdicts.items()
            }
        return self.of_lists[listed]


def judge(
    candidate: Candidate,
    rules: Rules,
    had_it: Collection[int] = (),
    listed: frozenset[int] | None = None,
) -> Verdict:
    """Ask every rule of the allow-list, not only the first that fails: people see them all."""
    found = _failures(candidate, rules, listed)
    failures = [Failure(code, evidence) for code, evidence in found]
    if candidate.agent in had_it:
        failures.append(Failure("already_had_it", {}))
    return Verdict(candidate, tuple(failures))


def _failures(
    candidate: Candidate, rules: Rules, listed: frozenset[int] | None
) -> Iterator[tuple[str, dict[str, Any]]]:
    if candidate.disabled_in:
        yield "disabled", {"in": candidate.disabled_in}
    if not candidate.is_member:
        yield "not_member", {}
    if not candidate.may_reply:
        yield "no_reply_right", {}
    if listed is not None:
        if candidate.agent not in listed:
            yield "not_in_link_list", {"list": len(listed)}
    elif not candidate.in_scope:
        yield "not_in_scope", {"list": rules.list_size}
    if candidate.is_away:
        yield "away", {"since": candidate.away_since}
    if not candidate.is_connected:
        yield "offline", {"last_seen_at": candidate.last_seen_at}
    elif candidate.is_hidden and not rules.hidden_pages_receive:
        yield "page_hidden", {"since": candidate.hidden_since}
    if candidate.is_off_hours:
        yield (
            "off_hours",
            {
                "today": list(candidate.hours_today),
                "next": candidate.hours_begin_at,
            },
        )
    if candidate.limit is not None and candidate.open >= candidate.limit:
        yield "at_limit", {"limit": candidate.limit, "open": candidate.open}


def _nobody_to_ask(candidates: Sequence[Candidate], rules: Rules) -> str:
    if not candidates:
        return "no_agents"
    if rules.list_size is not None and not any(candidate.in_scope for candidate in candidates):
        return "scope_empty"
    return ""


def _next(eligible: Sequence[Candidate], cursor: Place) -> Candidate:
    """The first after the cursor; the list is a circle. They stand in the order of their places."""
    later = bisect_right(eligible, cursor, key=_PLACE)
    return eligible[later % len(eligible)]


def _least_busy(
    eligible: Sequence[Candidate], rules: Rules, rng: random.Random | None
) -> Candidate:
    fewest = min(candidate.open for candidate in eligible)
    tied = [candidate for candidate in eligible if candidate.open == fewest]
    if rules.random_ties:
        return (rng or random.Random()).choice(tied)
    return min(tied, key=lambda one: (one.last_turn, one.place))
