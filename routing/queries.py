"""Who is there, and the candidates of a project as choose() wants them."""

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, QuerySet, Subquery

from accounts.models import Membership, User
from bots.models import Bot
from core import clock
from live.events import moment
from projects.models import Agent, Project
from routing import hours
from routing.choice import BEFORE_ALL, Candidate, Choice, Place, Rules, choose
from routing.hours import Span
from routing.models import Lease, Pool, Presence, PresenceInterval, Turn, WorkingSpan
from routing.rehearsal import Plan, Stay

State = PresenceInterval.State


@dataclass(frozen=True, slots=True)
class PresenceNow:
    """A person's presence at this moment, for all projects.

    `status` is what he has chosen, `state` what is computed of it and of his pages, `since` when
    that began (None: he was never here). `last_seen_at`: now if he is here; None: never.
    """

    status: str
    state: str
    since: datetime | None
    last_seen_at: datetime | None
    status_since: datetime | None

    @property
    def is_connected(self) -> bool:
        return self.state != State.OFFLINE


@dataclass(slots=True)
class _Traces:
    """What the tables hold about one person."""

    status: str = Presence.Status.ONLINE
    status_since: datetime | None = None
    leases: list[Lease] = field(default_factory=list)
    interval: PresenceInterval | None = None


def presence(user_ids: Collection[int]) -> dict[int, PresenceNow]:
    """The presence of each of these people, computed now from status and leases; three queries."""
    now = clock.now()
    return {user_id: _presence(found, now) for user_id, found in _traces(user_ids).items()}


def _traces(user_ids: Collection[int]) -> dict[int, _Traces]:
    found = {user_id: _Traces() for user_id in user_ids}
    for row in Presence.objects.filter(user_id__in=user_ids):
        found[row.user_id].status = row.status
        found[row.user_id].status_since = row.changed_at
    for lease in Lease.objects.filter(user_id__in=user_ids):
        found[lease.user_id].leases.append(lease)
    for interval in PresenceInterval.objects.filter(user_id__in=user_ids, ended_at=None):
        found[interval.user_id].interval = interval
    return found


def _presence(found: _Traces, now: datetime) -> PresenceNow:
    state = _state(found, now)
    since = _since(found, state, now)
    return PresenceNow(
        status=found.status,
        state=state,
        since=since,
        last_seen_at=since if state == State.OFFLINE else now,
        status_since=found.status_since,
    )


def _state(found: _Traces, now: datetime) -> str:
    live = [lease for lease in found.leases if lease.expires_at > now]
    if not live:
        return State.OFFLINE
    if found.status == Presence.Status.AWAY:
        return State.AWAY
    return State.ONLINE if any(lease.visible for lease in live) else State.HIDDEN


def _since(found: _Traces, state: str, now: datetime) -> datetime | None:
    """From the open interval, unless a lease has run out that the sweep has not seen yet."""
    if found.interval and found.interval.state == state:
        return found.interval.started_at
    if state == State.OFFLINE:
        return max((lease.expires_at for lease in found.leases), default=None)
    return now


def open_pages(user_ids: Collection[int]) -> dict[int, list[Lease]]:
    """The session pages that each of these people has open now, by the person's key."""
    found: dict[int, list[Lease]] = {user_id: [] for user_id in user_ids}
    live = Lease.objects.filter(user_id__in=user_ids, expires_at__gt=clock.now())
    for lease in live.order_by("opened_at", "pk"):
        found[lease.user_id].append(lease)
    return found


def was_here_since(user_id: int, at: datetime) -> bool:
    """Whether the person has had a session page open at some moment after `at`."""
    here = PresenceInterval.objects.filter(user_id=user_id).exclude(state=State.OFFLINE)
    return here.filter(ended_at=None).exists() or here.filter(ended_at__gt=at).exists()


def stays_since(
    user_ids: Collection[int], since: datetime, *, at_most: int
) -> tuple[datetime, dict[int, list[Stay]]]:
    """In which states these people have been, by their keys, and from when on that is all.

    That is `since`, or later where more than `at_most` changes are recorded: the newest are read.
    """
    rows = PresenceInterval.objects.filter(user_id__in=user_ids, started_at__gt=since)
    changes = list(rows.order_by("-started_at", "-pk")[:at_most])
    if len(changes) == at_most:
        since = changes[-1].started_at
        changes = [interval for interval in changes if interval.started_at > since]
    found: dict[int, list[Stay]] = {}
    for interval in [*_running_at(user_ids, since), *reversed(changes)]:
        stays = found.setdefault(interval.user_id, [])
        stays.append(Stay(interval.started_at, interval.state))
        if interval.ended_at:  # where the next one begins, if there is one
            stays.append(Stay(interval.ended_at, State.OFFLINE))
    return since, found


def _running_at(user_ids: Collection[int], at: datetime) -> QuerySet[PresenceInterval]:
    """The interval of each that began last, not after that moment."""
    last = PresenceInterval.objects.filter(user=OuterRef("pk"), started_at__lte=at)
    newest = Subquery(last.order_by("-started_at", "-pk").values("pk")[:1])
    people = User.objects.filter(pk__in=user_ids).annotate(newest=newest)
    return PresenceInterval.objects.filter(pk__in=people.values("newest"))


def hours_of(agent_ids: Collection[int]) -> dict[int, list[Span]]:
    """The working hours of those agents who have any, by their keys, in the order of the week."""
    found: dict[int, list[Span]] = {}
    for row in WorkingSpan.objects.filter(agent__in=agent_ids).order_by("weekday", "begins"):
        found.setdefault(row.agent_id, []).append(row.span)
    return found


def rules_of(pool: Pool) -> Rules:
    return _rules(pool, _list_size(pool))


def _rules(pool: Pool, list_size: int | None) -> Rules:
    return Rules(
        mode=pool.mode,
        random_ties=pool.ties == Pool.Ties.RANDOM,
        list_size=list_size,
        hidden_pages_receive=pool.hidden_pages_receive,
    )


def _list_size(pool: Pool) -> int | None:
    if pool.scope == Pool.Scope.ALL:
        return None
    return pool.specified.filter(removed_at=None).count()


def plan_of(pool: Pool, changes: Mapping[str, Any]) -> Plan:
    """The pool's rules with these changes in them, as actions.change_rules takes them; nothing is
    stored."""
    tried = copy(pool)
    for name in changes.keys() - {"specified"}:
        setattr(tried, name, changes[name])
    listed = _to_be_listed(tried, changes.get("specified"))
    return Plan(
        rules=_rules(tried, None if listed is None else len(listed)),
        listed=listed,
        is_former_first=tried.returning == Pool.Returning.FORMER,
        too_old=timedelta(days=tried.too_old_days),
    )


def _to_be_listed(pool: Pool, chosen: Collection[Agent] | None) -> frozenset[int] | None:
    if pool.scope == Pool.Scope.ALL:
        return None
    if chosen is None:
        chosen = pool.specified.filter(removed_at=None) if pool.pk else []
    return frozenset(agent.pk for agent in chosen)


def cursor_of(pool: Pool) -> Place:
    """The place of the agent served last. If he was removed it is the gap where he stood."""
    agent = pool.cursor_agent
    return (agent.position, agent.pk) if agent else BEFORE_ALL


def project_code(project: Project) -> str:
    """Why the project does not route at all; empty if it does."""
    if _is_paused(project):
        return "project_paused"
    return _code(project, _known_bots([project.pk]))


def _is_paused(project: Project) -> bool:
    return project.state == Project.State.PAUSED or project.archived_at is not None


def _known_bots(project_ids: Collection[int]) -> set[int]:
    """Those of the projects that have a bot, and Telegram does not refuse its token."""
    bots = Bot.objects.filter(project__in=project_ids).exclude(state=Bot.State.INVALID)
    return set(bots.values_list("project", flat=True))


def _code(project: Project, with_bots: Collection[int]) -> str:
    if _is_paused(project):
        return "project_paused"
    return "" if project.pk in with_bots and project.is_routing else "bot_invalid"


def candidates(
    pool: Pool,
    open_sessions: Mapping[int, int],
    agents: Sequence[Agent] | None = None,
    here: Mapping[int, PresenceNow] | None = None,
) -> list[Candidate]:
    """The team (or `agents`, with user loaded) in the order of the list, as choose() wants it.

    `open_sessions`: how many sessions each agent's key owns now; routing reads none itself. `here`:
    their `presence`, if it has been read.
    """
    if agents is None:
        agents = list(Agent.objects.filter(project=pool.project_id).on_team().with_people())
    facts = _Facts([pool], agents, here)
    return [facts.candidate(agent, open_sessions.get(agent.pk, 0)) for agent in agents]


@dataclass(frozen=True, slots=True)
class Standing:
    """What choose() is asked with in one project now."""

    candidates: list[Candidate]
    rules: Rules
    cursor: Place
    project_code: str

    def choice(self) -> Choice:
        return choose(
            candidates=self.candidates,
            rules=self.rules,
            cursor=self.cursor,
            project_code=self.project_code,
        )


def standings(
    pools: Sequence[Pool], open_sessions: Mapping[int, int], agents: Sequence[Agent]
) -> dict[int, Standing]:
    """Of many projects, by their keys, in as many queries as of one.

    `pools`: with project and cursor_agent loaded. `agents`: their teams in the order of the lists,
    with user loaded. `open_sessions`: as for `candidates`.
    """
    facts = _Facts(pools, agents)
    with_bots = _known_bots(list(facts.pools))
    teams: dict[int, list[Candidate]] = {key: [] for key in facts.pools}
    for agent in agents:
        seat = facts.candidate(agent, open_sessions.get(agent.pk, 0))
        teams[agent.project_id].append(seat)
    return {
        key: Standing(
            candidates=teams[key],
            rules=_rules(pool, facts.list_size(pool, teams[key])),
            cursor=cursor_of(pool),
            project_code=_code(pool.project, with_bots),
        )
        for key, pool in facts.pools.items()
    }


class _Facts:
    """What is read once for all candidates of some pools."""

    def __init__(
        self,
        pools: Sequence[Pool],
        agents: Sequence[Agent],
        here: Mapping[int, PresenceNow] | None = None,
    ) -> None:
        self.pools = {pool.project_id: pool for pool in pools}
        keys = [agent.user_id for agent in agents]
        self.presence = presence(keys) if here is None else here
        memberships = Membership.objects.filter(
            company__in={pool.project.company_id for pool in pools}, user_id__in=keys
        )
        self.memberships = {
            (company, user): is_enabled
            for company, user, is_enabled in memberships.values_list(
                "company_id", "user_id", "is_enabled"
            )
        }
        self.listed = _listed(pools)
        self.hours = hours_of([agent.pk for agent in agents])
        self.zones = {key: ZoneInfo(pool.project.time_zone) for key, pool in self.pools.items()}
        self.now = clock.now()
        turns = Turn.objects.filter(pool_id__in=[pool.pk for pool in pools])
        self.turns = dict(turns.values_list("agent_id", "number"))

    def list_size(self, pool: Pool, seats: Sequence[Candidate]) -> int | None:
        return None if pool.scope == Pool.Scope.ALL else sum(one.in_scope for one in seats)

    def candidate(self, agent: Agent, open_sessions: int) -> Candidate:
        here = self.presence[agent.user_id]
        candidate = Candidate(
            agent=agent.pk,
            place=(agent.position, agent.pk),
            disabled_in=self._disabled_in(agent),
            is_member=agent.removed_at is None and self._person(agent) in self.memberships,
            may_reply=agent.may_reply,
            in_scope=self._is_in_scope(agent),
            is_away=here.status == Presence.Status.AWAY,
            is_connected=here.is_connected,
            is_hidden=here.state == State.HIDDEN,
            away_since=moment(here.status_since),
            hidden_since=moment(here.since),
            last_seen_at=moment(here.last_seen_at),
            open=open_sessions,
            limit=agent.session_limit,
            last_turn=self.turns.get(agent.pk, 0),
        )
        zone = self.zones[agent.project_id]
        return self._by_hours(candidate, self.hours.get(agent.pk, []), zone)

    def _by_hours(self, candidate: Candidate, spans: list[Span], zone: ZoneInfo) -> Candidate:
        if hours.is_working(spans, self.now, zone):
            return candidate
        return replace(
            candidate,
            is_off_hours=True,
            hours_today=tuple(hours.of_day(spans, self.now, zone)),
            hours_begin_at=moment(hours.next_change(spans, self.now, zone)),
        )

    def _person(self, agent: Agent) -> tuple[int, int]:
        return self.pools[agent.project_id].project.company_id, agent.user_id

    def _is_in_scope(self, agent: Agent) -> bool:
        is_open = self.pools[agent.project_id].scope == Pool.Scope.ALL
        return is_open or agent.pk in self.listed

    def _disabled_in(self, agent: Agent) -> str:
        if not agent.user.is_active:
            return "account"
        if not self.memberships.get(self._person(agent), True):
            return "company"
        return "" if agent.is_enabled else "project"


def _listed(pools: Sequence[Pool]) -> set[int]:
    """The agents on the lists of those pools that have one. An agent is of one project."""
    asked = [pool.pk for pool in pools if pool.scope == Pool.Scope.SPECIFIED]
    if not asked:
        return set()
    rows = Pool.specified.through.objects.filter(pool_id__in=asked)
    return set(rows.values_list("agent_id", flat=True))
