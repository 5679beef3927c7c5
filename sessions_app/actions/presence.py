"""What pages and the waiting line learn when somebody's standing changes.

These are the targets of ports: they run inside the change of a lower app, which may hold an agent's
row. Routing needs the pool's lock, and that one comes first; so it is kicked here and runs after
commit, and the sweep is the net.
"""

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from accounts.models import User
from core import kick, tx
from live.actions import record
from projects.models import Agent, Project
from routing.actions import retime_hours
from routing.models import Pool
from routing.queries import State, presence
from sessions_app.actions import feed, gate
from sessions_app.models import ChatSession

RECEIVING = {State.ONLINE, State.HIDDEN}


def presence_changed(user_id: int) -> None:
    """The person's presence is another than before (port of routing)."""
    here = presence([user_id])[user_id]
    if here.is_connected:
        _owner_is_back(user_id)
    trigger = "agent_online" if here.state in RECEIVING else None
    _tell(Agent.objects.filter(user=user_id), trigger=trigger)


def user_changed(user_id: int) -> None:
    """The person's rights, name, enablement or password were changed (port of accounts)."""
    _tell_rights([user_id])
    _tell(Agent.objects.filter(user=user_id), trigger="agents_changed", with_projects=True)


def agents_changed(agent_ids: list[int]) -> None:
    """These agents were added, changed, moved in the list or removed (port of projects)."""
    agents = Agent.objects.filter(pk__in=agent_ids)
    _tell_rights(agents.order_by("user_id").values_list("user_id", flat=True))
    _tell(agents | _beside_lists_of(agents), trigger="agents_changed", with_projects=True)


def _beside_lists_of(agents: QuerySet[Agent]) -> QuerySet[Agent]:
    """A project's list of Specified Agents is shorter by those of them who have left: whoever is not
    on it is told how long it is."""
    left = agents.filter(removed_at__isnull=False)
    shorter = Pool.objects.filter(scope=Pool.Scope.SPECIFIED, specified__in=left)
    return Agent.objects.filter(project__in=shorter.values("project"))


def hours_changed(agent_ids: list[int]) -> None:
    """These agents' working hours were changed, or have begun or ended (port of routing)."""
    _tell(Agent.objects.filter(pk__in=agent_ids), trigger="hours")


def project_changed(project_id: int) -> None:
    """The project's name, state or settings were changed (port of projects)."""
    feed.project_changed(Project.objects.get(pk=project_id))
    retime_hours(project_id=project_id)
    _kick(project_id, "project_changed")


def rules_changed(project_id: int) -> None:
    """The project's routing rules were changed (port of routing)."""
    agents = Agent.objects.filter(project=project_id)
    feed.project_changed(Project.objects.get(pk=project_id))
    _tell(agents, trigger=None)
    _kick(project_id, "rules_changed")


def _owner_is_back(user_id: int) -> None:
    """A lease clears what the sweep wrote while there was none."""
    missed = Q(owner_missing_since__isnull=False) | Q(is_flagged=True)
    owned = ChatSession.objects.filter(missed, state=ChatSession.State.ASSIGNED)
    owner_is_here(owned.filter(owner__user=user_id))


def owner_is_here(sessions: QuerySet[ChatSession]) -> None:
    """Their owner is not missing, whatever the sweep wrote; what was flagged is no more."""
    locked = [session.pk for session in tx.lock(sessions)]
    rows = ChatSession.objects.filter(pk__in=locked)
    flagged = list(rows.filter(is_flagged=True).for_page())
    rows.update(owner_missing_since=None, is_flagged=False)
    for session in flagged:
        session.is_flagged = False
        feed.session_changed(session, was=session.state)


def _tell_rights(user_ids: Iterable[int]) -> None:
    """Their pages ask again what they may see."""
    for public_id in User.objects.filter(pk__in=list(user_ids)).values_list("public_id", flat=True):
        record(stream=public_id, kind="access.changed", payload={}, audience=feed.EVERYONE)


def _tell(agents: QuerySet[Agent], *, trigger: str | None, with_projects: bool = False) -> None:
    """Record where the agents stand now, in each of their projects.

    Their rows are locked: so is whoever gives one of them a session, and the counts that pages are
    told come in the order of the changes.
    """
    locked = [agent.pk for agent in tx.lock(agents)]
    standing: dict[Project, list[Agent]] = {}
    for agent in Agent.objects.filter(pk__in=locked).with_people().order_by("project", "position"):
        standing.setdefault(agent.project, []).append(agent)
    for project, team in standing.items():
        if with_projects:
            feed.project_changed(project)
        gate.tell_standing(project, team)
        if trigger:
            _kick(project.pk, trigger)


def _kick(project_id: int, trigger: str) -> None:
    kick.task("sessions_app.route_project", project_id=project_id, trigger=trigger)
