"""What is looked at before and after an act of tests/sessions_app/test_machine.py, and judged."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import QuerySet
from hypothesis.stateful import RuleBasedStateMachine

from accounts.models import User
from core import clock, tx
from core.errors import Refusal
from projects.models import Agent, Project
from routing.models import Pool
from sessions_app.actions import absence, routing
from sessions_app.models import Assignment, ChatSession, RoutingAttempt
from sessions_app.queries import line
from tests.support import judge
from tests.support.judge import Court
from tests.support.seen import SEEN
from tests.support.tabs import Tabs

GRACE = timedelta(seconds=60)

Released = dict[int, list[ChatSession]]


class Watch(RuleBasedStateMachine):
    """Keeps beside the product's rows what these cannot be trusted for. `missing`: since when the
    owner of a session has been seen missing; `owing`: since when he owes an answer."""

    projects: list[Project]
    managing: list[User]

    def __init__(self) -> None:
        super().__init__()
        self.tabs = Tabs()
        self.missing: dict[int, datetime] = {}
        self.owing: dict[int, datetime] = {}

    # ---------------------------------------------------------------- hands

    def may_own(self, session: ChatSession, agent: Agent, must: set[str]) -> bool:
        """By a hand that is bound by these rules."""
        court = Court.of(agent.project_id)
        is_one_of_these = agent.project_id == session.project_id
        barred = court.codes(agent.pk, court.hears(session)) & must
        return is_one_of_these and court.routes and not barred

    def binding(self, actor: User, must: set[str]) -> set[str]:
        """A manager's hand is a manager's, on his own claims too."""
        return judge.MANAGER if actor in self.managing else must

    def by_hand(
        self,
        act: Callable[[], object],
        session: ChatSession,
        *,
        may: bool,
        state: str = "assigned",
        owner: Agent | None = None,
    ) -> None:
        """It becomes `state` with this owner; or, if it `may` not, it is refused and all stays."""
        was, turned = _standing(session), _turned(session)
        refused = ""
        try:
            tx.run(act)
        except Refusal as refusal:
            refused = refusal.code
        assert may != bool(refused), f"refused as {refused!r}" if refused else "not refused"
        now = _standing(session)
        assert now == ((state, owner.pk if owner else None) if may else was)
        assert _turned(session) == turned, "a hand costs no turn and does not move the cursor"
        SEEN["refused by hand" if refused else f"{state} by hand"] += 1
        if may:
            self.forget(session)

    def forget(self, session: ChatSession) -> None:
        """Its owner is another, or none."""
        self.missing.pop(session.pk, None)
        self.owing.pop(session.pk, None)

    # ---------------------------------------------------------------- routing

    def routed(
        self,
        act: Callable[[], object],
        *,
        released: Released | None = None,
        looks: int | None = None,
    ) -> None:
        """`act` may route. By project: the sessions that it takes from their owners before. `looks`:
        the one project in which it does, at all that waits; else it does where something was opened
        or released."""
        released = released or {}
        courts = {key: Court.of(key) for key in self._all_or(looks)}
        known = set(ChatSession.objects.values_list("pk", flat=True))
        counts = dict(_just_said().values_list("pk", "count"))
        running = set(Assignment.objects.filter(ended_at=None).values_list("pk", flat=True))
        act()
        opened = ChatSession.objects.exclude(pk__in=known).select_related("link")
        said = _said_since(counts)
        self._only_these_are_released(running, released)
        for key, court in courts.items():
            for session in released.get(key, []):
                self._is_released(court, session)
            new = [session for session in opened if session.project_id == key]
            for session in new:
                session.waiting_since = session.opened_at
            court.line += court.hear(new, are_new=True)
            court.sort()
            mine = [row for row in said if row.session.project_id == key]
            SEEN["routed several at once"] += sum(bool(row.agent_id) for row in mine) > 1
            court.judge(mine, is_whole=key == looks or bool(new or released.get(key)))
            for row in mine:
                self._may_owe(court.pool, row)
            said = [row for row in said if row not in mine]
        assert not said, "routed elsewhere"

    def _all_or(self, one: int | None) -> list[int]:
        return [one] if one else [project.pk for project in self.projects]

    def _only_these_are_released(self, running: set[int], released: Released) -> None:
        ended = Assignment.objects.filter(pk__in=running).exclude(ended_at=None)
        gone = {one.pk for those in released.values() for one in those}
        found = dict(ended.values_list("session", "ended_because"))
        assert found.keys() == gone
        SEEN.update(f"ended as {because}" for because in found.values())

    def _is_released(self, court: Court, session: ChatSession) -> None:
        self.forget(session)
        if session.owner_id in court.open:
            court.open[session.owner_id] -= 1
        now = ChatSession.objects.select_related("link").get(pk=session.pk)
        assert now.queued_at == session.queued_at, "back to its old place"
        now.waiting_since = clock.now()
        court.line += court.hear([now], are_new=True)

    def _may_owe(self, pool: Pool, row: RoutingAttempt) -> None:
        """Whoever got it by routing has to answer in time, but for what was passed on once."""
        silent = Assignment.objects.filter(session=row.session, ended_because="owner_silent")
        if row.agent_id and pool.answer_within_min and not silent.exists():
            self.owing[row.session_id] = clock.now()

    # ---------------------------------------------------------------- the sweep's looks

    def watch_owners(self) -> None:
        """Whose owner has been seen missing for the grace goes back to its old place, or is kept."""
        due: Released = defaultdict(list)
        flagged: set[int] = set()
        for session in _owned():
            assert session.owner
            assert session.assigned_at
            user = session.owner.user_id
            if self.tabs.is_here(user):
                self.missing.pop(session.pk, None)
            elif session.is_flagged:
                flagged.add(session.pk)
            elif session.pk in self.missing:
                if clock.now() - self.missing[session.pk] < GRACE:
                    SEEN["is within the grace"] += 1
                elif _pool(session).vanished == Pool.Vanished.RELEASE:
                    due[session.project_id].append(session)
                else:
                    flagged.add(session.pk)
            elif self.tabs.was_here_since(user, session.assigned_at):
                self.missing[session.pk] = clock.now()
            else:
                flagged.add(session.pk)
                SEEN["flagged since he never was here"] += 1
        self.routed(absence.watch_owners, released=due)
        assert {one.pk for one in _owned() if one.is_flagged} == flagged
        SEEN["flagged"] += len(flagged)

    def watch_answers(self) -> None:
        """Passed on is what an owner has not answered in time, though he was here all the while."""
        due: Released = defaultdict(list)
        for session in _owned():
            assert session.owner
            user, within = session.owner.user_id, _pool(session).answer_within_min
            if within is None:
                self.owing.pop(session.pk, None)
            elif session.pk in self.owing and self.tabs.is_here(user):
                waits_since = judge.waits_for_an_answer_since(session)
                since = [self.owing[session.pk], self.tabs.since[user], waits_since or clock.now()]
                if max(since) <= clock.now() - timedelta(minutes=within):
                    due[session.project_id].append(session)
        self.routed(absence.watch_answers, released=due)

    def settle(self, project: Project) -> None:
        def settle() -> None:
            if project.pk in line.projects_to_settle() and routing.is_due(project.pk):
                routing.settle_project(project_id=project.pk, trigger="sweep")

        self.routed(settle, released=self.unfit(project), looks=project.pk)
        self.routed(settle, looks=project.pk)  # what the first has changed, the second tells
        assert not routing.is_due(project.pk), "nothing is left to do, and it would do it again"
        assert not self.unfit(project)[project.pk]
        Court.of(project.pk).judge_what_is_known()

    def unfit(self, project: Project) -> Released:
        """Owned by somebody who may not reply any more."""
        mine = [one for one in _owned() if one.project_id == project.pk]
        return {project.pk: [one for one in mine if one.owner and is_unfit(one.owner)]}


def is_unfit(owner: Agent) -> bool:
    is_out = bool(owner.removed_at) or not owner.is_enabled or not owner.may_reply
    return is_out or not owner.user.is_active


def _owned() -> list[ChatSession]:
    rows = ChatSession.objects.filter(state="assigned").order_by("pk")
    return list(rows.select_related("owner__user", "project"))


def _pool(session: ChatSession) -> Pool:
    return Pool.objects.get(project=session.project_id)


def _standing(session: ChatSession) -> tuple[str, int | None]:
    now = ChatSession.objects.get(pk=session.pk)
    return now.state, now.owner_id


def _turned(session: ChatSession) -> tuple[int, int | None]:
    pool = _pool(session)
    return pool.turn, pool.cursor_agent_id


def _just_said() -> QuerySet[RoutingAttempt]:
    return RoutingAttempt.objects.filter(last_at__gte=clock.now()).order_by("pk")


def _said_since(counts: dict[int, int]) -> list[RoutingAttempt]:
    """What is new, or was said again."""
    rows = _just_said().select_related("session")
    return [row for row in rows if row.count != counts.get(row.pk)]
