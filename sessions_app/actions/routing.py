"""Giving out what waits: oldest first, chosen in memory and written in bulk, batch by batch."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import F, Q

from core import clock, tx
from core.prebuilt import Blank, Insert
from projects.models import Project
from routing.actions import keep_cursor, lock_pool, pool_of, serve
from routing.choice import Choice, Failure, Table, Verdict
from routing.models import Pool
from routing.queries import candidates, cursor_of, presence, project_code, rules_of
from sessions_app.actions import feed, gate, ownership
from sessions_app.actions.ownership import Pick
from sessions_app.events import Payload
from sessions_app.models import Assignment, ChatSession, Customer, Judgement, RoutingAttempt
from sessions_app.models.sessions import ChatSessionQuerySet
from sessions_app.queries import line, team

BATCH = 500
# What is locked first: who stands at the head, and whether anybody stands behind him.
HEAD = 2
# The scope of an attempt for the agents of a link.
BY_LINK = "link"

Outcome = RoutingAttempt.Outcome
_ATTEMPTS = Insert(RoutingAttempt)

Failures = tuple[Failure, ...]
Place = tuple[datetime, int]


def settle_project(*, project_id: int, trigger: str) -> int:
    """Take sessions from owners who may not reply any more, then route; how many were assigned."""
    if _has_unfit_owners(project_id):
        ownership.release(
            project_id=project_id,
            due=line.owned_by_unfit(),
            because=Assignment.End.OWNER_REMOVED,
        )
    return route_project(project_id=project_id, trigger=trigger)


def route_project(*, project_id: int, trigger: str) -> int:
    """Route what waits in the project until nobody can receive more; how many were assigned.

    `trigger` says in the attempts why it was tried: opened, agent_online, freed, sweep, ...
    """
    assigned = 0
    after: Place | None = None
    while True:
        done, after = _route_batch(project_id, trigger, after)
        assigned += done
        if after is None:
            _explain_rest(project_id, trigger)
            return assigned


def is_due(project_id: int) -> bool:
    """Whether routing now would change anything. Without locks: for the sweep, which looks often."""
    pool = pool_of(Project.objects.get(pk=project_id))
    if line.unexplained(pool).exists() or _has_unfit_owners(project_id):
        return True
    own = line.for_own_agents(pool)
    if own.filter(own_until__lte=clock.now()).exists():
        return True
    heads = [line.waiting_line(pool).for_page().first(), own.for_page().first()]
    look = _tried(Round(pool, "sweep", [head for head in heads if head]))
    return bool(look.fresh) or look.can_serve and _is_due_behind_the_head(pool)


def _is_due_behind_the_head(pool: Pool) -> bool:
    """Somebody could receive, but not what stands at the head of the line: perhaps he had it."""
    sessions = list(line.waiting_line(pool)[:BATCH])
    return len(sessions) == BATCH or bool(_tried(Round(pool, "sweep", sessions)).fresh)


def _has_unfit_owners(project_id: int) -> bool:
    return line.owned_by_unfit().filter(project=project_id).exists()


def _route_batch(project_id: int, trigger: str, after: Place | None) -> tuple[int, Place | None]:
    """How many were assigned, and where to go on if somebody could still receive."""
    with tx.change("routing"):
        pool = lock_pool(project_id)
        keep_cursor(pool=pool)
        waiting = _next_in_line(pool, after)
        # That somebody could still receive is known of a batch behind another.
        sessions = _locked(waiting, BATCH if after else HEAD)
        if not sessions:
            return 0, None
        batch = _tried(_round(pool, trigger, sessions))
        if after is None and len(sessions) == HEAD and (batch.fresh or _could_serve(batch)):
            batch = _tried(_round(pool, trigger, _locked(waiting, BATCH)))
        batch.write()
        is_over = len(batch.sessions) < BATCH or not _could_serve(batch)
        return len(batch.picks), None if is_over else _place(batch.sessions[-1])


def _tried(batch: "Round") -> "Round":
    for session in batch.sessions:
        batch.try_to_assign(session)
    return batch


def _could_serve(batch: "Round") -> bool:
    """Whether others behind these might be assigned."""
    return batch.can_serve or line.for_own_agents(batch.pool).exists()


def _explain_rest(project_id: int, trigger: str) -> None:
    """Those far back in a long line, and those too old for it or no more, are told why they wait."""
    with tx.change():
        pool = lock_pool(project_id)
        sessions = _locked(line.unexplained(pool), BATCH)
        if sessions:
            rest = _round(pool, trigger, sessions, are_untold=True)
            for session in sessions:
                rest.try_to_assign(session, may_assign=False)
            rest.write()


def _next_in_line(pool: Pool, after: Place | None) -> ChatSessionQuerySet:
    waiting = line.waiting_line(pool)
    if after is None:
        return waiting
    queued_at, key = after
    return waiting.filter(Q(queued_at__gt=queued_at) | Q(queued_at=queued_at, pk__gt=key))


def _locked(waiting: ChatSessionQuerySet, limit: int) -> list[ChatSession]:
    """The first of them, locked, in the order of the line. The pool is locked, so that none of
    them leaves the line meanwhile."""
    keys = list(waiting.values_list("pk", flat=True)[:limit])
    return sorted(tx.lock(ChatSession.objects.filter(pk__any_of=keys)), key=_place)


def _round(
    pool: Pool, trigger: str, sessions: Sequence[ChatSession], *, are_untold: bool = False
) -> "Round":
    """The agents' rows are locked before anything about them is read."""
    gate.lock_team(pool.project)
    return Round(pool, trigger, sessions, are_untold=are_untold)


def _place(session: ChatSession) -> Place:
    return session.queued_at, session.pk


class Round:
    """A stretch of the line against the team, in memory. After it: `picks`, and attempts `fresh`
    and `repeated`. `are_untold`: nothing, or another thing, was said in the sessions' present wait."""

    def __init__(
        self,
        pool: Pool,
        trigger: str,
        sessions: Sequence[ChatSession],
        *,
        are_untold: bool = False,
    ) -> None:
        self.pool = pool
        self.trigger = trigger
        self.now = clock.now()
        self.code = project_code(pool.project)
        self.cursor = cursor_of(pool)
        self.turn = pool.turn
        self.too_old_before = line.too_old_before(pool)
        self.sessions = sessions
        for session in sessions:
            session.project = pool.project  # one for all
        agents = team.team(pool.project)
        self.agents = {agent.pk: agent for agent in agents}
        self.presence = presence([agent.user_id for agent in agents])
        self.people: dict[int, Payload] = {
            key: {"agent": str(agent.public_id), "name": agent.user.name}
            for key, agent in self.agents.items()
        }
        counts = team.open_sessions(self.agents)
        self.table = Table(candidates(pool, counts, agents, self.presence), rules_of(pool))
        keys = [session.pk for session in sessions]
        self.last = {} if are_untold else line.latest_attempts(keys)
        self.had_it = line.had_it(keys)
        self.own = line.own_lists(sessions)
        is_former_first = pool.returning == Pool.Returning.FORMER
        self.former = line.former_agents(sessions) if is_former_first else {}
        self.blank = Blank(
            RoutingAttempt, trigger=trigger, outcome=Outcome.WAITING, at=self.now, last_at=self.now
        )
        self.picks: list[Pick] = []
        self.fresh: list[RoutingAttempt] = []
        self.repeated: list[RoutingAttempt] = []
        # What the rules said, each once, and the list of all candidates' failures by which it is
        # known. The newest stands last.
        self.judgements: list[tuple[list[Failures], Judgement]] = []

    @property
    def can_serve(self) -> bool:
        """Whether anybody could receive another session."""
        return not self.code and self.table.can_serve

    def try_to_assign(self, session: ChatSession, *, may_assign: bool = True) -> None:
        """Choose, and keep what is to be written. Without `may_assign` (others may have waited
        longer) only the answer "nobody" is kept."""
        choice = self._choose(session)
        if choice.agent is None:
            self._keep_waiting(session, choice)
        elif may_assign:
            self._assign(session, choice, choice.agent)

    def write(self) -> None:
        """Store what was decided. Pool, sessions and agents are locked."""
        Judgement.objects.bulk_create(self._asked_for())
        for attempt in self.fresh:
            attempt.judgement = attempt.judgement  # which has its key now
        _ATTEMPTS.rows(self.fresh)
        repeated = RoutingAttempt.objects.filter(pk__in=[attempt.pk for attempt in self.repeated])
        repeated.update(last_at=self.now, count=F("count") + 1)
        self._end_own_time()
        if self.picks:
            self._join_customers()
            ownership.assign(pool=self.pool, picks=self.picks)
            self._tell_standing()
        turns = [pick.agent.pk for pick in self.picks if not pick.is_former]
        serve(pool=self.pool, agent_ids=turns)

    def _join_customers(self) -> None:
        """Now: a lock that had to wait brings joined rows as they were before."""
        keys = [pick.session.customer_id for pick in self.picks]
        customers = {row.pk: row for row in Customer.objects.filter(pk__any_of=keys)}
        for pick in self.picks:
            pick.session.customer = customers[pick.session.customer_id]

    def _tell_standing(self) -> None:
        """Where those who were served stand now. Their rows are locked since they were read."""
        served = dict.fromkeys(pick.agent for pick in self.picks)
        verdicts = [self.table.verdicts[agent.pk] for agent in served]
        feed.standing_changed(self.pool.project, list(served), self.presence, verdicts)

    def _end_own_time(self) -> None:
        """From now on the project's scope holds for these."""
        over = [one.pk for one in self.sessions if one.own_until and one.own_until <= self.now]
        if over:
            ChatSession.objects.filter(pk__in=over).update(own_until=None)

    def _choose(self, session: ChatSession) -> Choice:
        is_too_old = session.waiting_since and session.waiting_since <= self.too_old_before
        return self.table.choose(
            cursor=self.cursor,
            project_code=self.code or (line.TOO_OLD if is_too_old else ""),
            former=self.former.get(session.pk),
            listed=self.own.get(session.pk),
            had_it=self.had_it.get(session.pk, ()),
            has_waited=self._last_of_this_wait(session) is not None,
        )

    def _assign(self, session: ChatSession, choice: Choice, key: int) -> None:
        attempt = self._attempt(session, choice)
        attempt.outcome = Outcome.ASSIGNED
        attempt.agent_id = key
        if choice.is_former:
            self.table.serve(key, None)
        else:
            self.turn += 1
            self.cursor = self.table.serve(key, self.turn).place
        attempt.turn_after = self.turn
        self.fresh.append(attempt)
        self.picks.append(Pick(session, self.agents[key], attempt, choice.is_former))

    def _keep_waiting(self, session: ChatSession, choice: Choice) -> None:
        attempt = self._attempt(session, choice)
        last = self._last_of_this_wait(session)
        if last and _said(last) == _said(attempt):
            self.repeated.append(last)
        else:
            self.fresh.append(attempt)

    def _last_of_this_wait(self, session: ChatSession) -> RoutingAttempt | None:
        last = self.last.get(session.pk)
        if last is None or last.outcome != Outcome.WAITING or session.waiting_since is None:
            return None
        return last if last.at >= session.waiting_since else None

    def _attempt(self, session: ChatSession, choice: Choice) -> RoutingAttempt:
        attempt = self.blank.row(
            session_id=session.pk,
            mode=choice.mode,
            scope=BY_LINK if session.pk in self.own else self.pool.scope,
            project_code=choice.code,
            turn_before=self.turn,
            turn_after=self.turn,
        )
        attempt.judgement = self._judgement(choice)
        return attempt

    def _judgement(self, choice: Choice) -> Judgement:
        """One for all who hear the same. In a long line that is mostly what was said last."""
        said = [verdict.failures for verdict in choice.verdicts]
        for known, judgement in reversed(self.judgements):
            if known == said:
                return judgement
        verdicts = [self._verdict(verdict) for verdict in choice.verdicts]
        judgement = Judgement(verdicts=verdicts, at=self.now)
        self.judgements.append((said, judgement))
        return judgement

    def _asked_for(self) -> list[Judgement]:
        """Those of attempts that are written, and not of repeated ones."""
        heard = {id(attempt.judgement) for attempt in self.fresh}
        return [judgement for _, judgement in self.judgements if id(judgement) in heard]

    def _verdict(self, verdict: Verdict) -> Payload:
        codes = [failure.as_json() for failure in verdict.failures]
        return self.people[verdict.candidate.agent] | {"codes": codes}


def _said(attempt: RoutingAttempt) -> tuple[object, ...]:
    """What makes two attempts of one wait the same."""
    return attempt.scope, attempt.project_code, attempt.verdicts
