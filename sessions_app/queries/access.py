"""Who may see what: everything on the agents' page is reached through here.

A viewer is a person in one project; what he may see follows from his tags (docs/live-protocol.md).
Missing and forbidden look alike.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from accounts.models import User
from core.errors import Refusal
from projects.models import Agent, Project
from projects.queries import access_project, agent_of, is_managing
from sessions_app import events
from sessions_app.errors import not_found
from sessions_app.models import ChatSession, Message, Ping
from sessions_app.models.sessions import ChatSessionQuerySet
from sessions_app.queries.team import in_scope, pool_of

State = ChatSession.State


@dataclass(frozen=True)
class Viewer:
    """`agent`: his own place on the team, None if he has none; `is_in_scope`: sessions are routed
    to him."""

    user: User
    project: Project
    agent: Agent | None
    is_managing: bool
    is_in_scope: bool

    @property
    def sees_others(self) -> bool:
        return self.is_managing or bool(self.agent and self.agent.may_see_others)

    @property
    def sees_waiting(self) -> bool:
        return self.is_managing or self.is_in_scope

    @property
    def tags(self) -> frozenset[str]:
        tags = {"everyone"}
        if self.is_managing:
            tags.add("managers")
        if self.agent:
            tags.add(events.own_tag(self.agent))
            tags |= {"pool"} if self.is_in_scope else set()
            tags |= {"others"} if self.agent.may_see_others else set()
        return frozenset(tags)

    def rights(self) -> dict[str, bool]:
        agent = self.agent
        return {
            "reply": bool(agent and agent.may_reply),
            "transfer": self.is_managing or bool(agent and agent.may_transfer),
            "complete": self.is_managing or bool(agent and agent.may_complete),
            "see_others": self.sees_others,
        }

    def sees(self, session: ChatSession) -> bool:
        return not self.tags.isdisjoint(events.audience(session))

    def sessions(self) -> ChatSessionQuerySet:
        """Those whose audience he is in."""
        waiting = Q(state=State.UNASSIGNED)
        taken = ~waiting if self.sees_others else ~waiting & Q(owner=self.agent)
        seen = waiting | taken if self.sees_waiting else taken
        return ChatSession.objects.filter(seen, project=self.project)

    def sessions_in(self, state: str) -> ChatSessionQuerySet:
        """Those of one state, asked for as the index over that state is written."""
        sessions = ChatSession.objects.filter(project=self.project, state=state)
        if state == State.UNASSIGNED:
            return sessions if self.sees_waiting else sessions.none()
        return sessions if self.sees_others else sessions.filter(owner=self.agent)


def access_viewer(user: User, project_id: UUID) -> Viewer:
    """The person in the project. Raises Refusal `not_found`, to support staff too."""
    try:
        project = access_project(user, project_id)
    except Refusal:
        raise not_found() from None  # in the same words whatever was asked for
    agent = agent_of(user, project)
    managing = is_managing(user, project)
    if agent is None and not managing:
        raise not_found()
    scope = in_scope(pool_of(project), [agent]) if agent else set()
    return Viewer(user, project, agent, managing, bool(agent and agent.pk in scope))


def access_session(user: User, session_id: UUID) -> tuple[Viewer, ChatSession]:
    """The session, with what `for_page` loads, and the person as its viewer.

    Raises Refusal `not_found`.
    """
    session = ChatSession.objects.for_page().filter(public_id=session_id).first()
    if session is None:
        raise not_found()
    viewer = access_viewer(user, session.project.public_id)
    if not viewer.sees(session):
        raise not_found()
    return viewer, session


def access_message(session: ChatSession, message_id: UUID) -> Message:
    """Raises Refusal `not_found`."""
    message = Message.objects.filter(session=session, public_id=message_id).first()
    if message is None:
        raise not_found()
    return message


def access_ping(user: User, ping_id: UUID) -> Ping:
    """A test ping to this person. Raises Refusal `not_found`."""
    ping = Ping.objects.filter(public_id=ping_id, user=user).first()
    if ping is None:
        raise not_found()
    return ping


def access_agent(session: ChatSession, agent_id: UUID) -> Agent:
    """Somebody on the team of the session's project. Raises Refusal `not_found`."""
    team = Agent.objects.filter(project=session.project).on_team().with_people()
    agent = team.filter(public_id=agent_id).first()
    if agent is None:
        raise not_found()
    return agent


def feed_access(user_id: int, stream: UUID) -> frozenset[str] | None:
    """The port `live.access`: the viewer's tags on the stream now, None if it is not his."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return None
    if stream == user.public_id:
        return frozenset({"everyone"})
    try:
        return access_viewer(user, stream).tags
    except Refusal:
        return None
