"""What pages are told: each function records one event of docs/live-protocol.md.

Called inside the change that made it true. An event carries the row as it is when it is recorded,
so these come after the row has been written.
"""

from collections.abc import Mapping, Sequence

from live.actions import record
from projects.models import Agent, Project
from routing.choice import Verdict
from routing.queries import PresenceNow
from sessions_app import events
from sessions_app.events import Payload
from sessions_app.models import ChatSession, Customer, Message, Ping
from sessions_app.queries import team

EVERYONE = ["everyone"]


def session_changed(
    session: ChatSession, *, was: str | None, before: Sequence[str] | None = None
) -> None:
    """`was`: its state before, None when it has just been opened. `before`: the audience before
    (`events.audience`), where owner or state changed."""
    record(
        stream=session.project.public_id,
        kind="session.changed",
        payload=events.session_payload(session) | {"was": was},
        audience=events.audience(session),
        before=before,
    )


def session_erased(session: ChatSession, *, was: str, before: Sequence[str]) -> None:
    """It leaves everybody's sight, and pages are told why."""
    record(
        stream=session.project.public_id,
        kind="session.changed",
        payload=events.session_payload(session) | {"was": was, "erased": True},
        audience=events.audience(session),
        before=before,
    )


def message_changed(message: Message) -> None:
    """New, edited, or its delivery is known better."""
    record(
        stream=message.session.project.public_id,
        kind="message.changed",
        payload=events.message_payload(message),
        audience=events.audience(message.session),
    )


def customer_changed(customer: Customer) -> None:
    record(
        stream=customer.project.public_id,
        kind="customer.changed",
        payload=events.customer_payload(customer),
        audience=EVERYONE,
    )


def presence_changed(project: Project, agents: Sequence[Agent]) -> None:
    """These agents' presence, open sessions, limit or rights. `agents`: with user loaded."""
    _tell_presence(project, team.presence_rows(project, agents))


def standing_changed(
    project: Project,
    agents: Sequence[Agent],
    here: Mapping[int, PresenceNow],
    verdicts: Sequence[Verdict],
) -> None:
    """The same where the caller has read and judged them under their locks: see `team.standing`."""
    _tell_presence(project, team.standing(agents, here, verdicts))


def _tell_presence(project: Project, rows: Sequence[Payload]) -> None:
    for row in rows:
        record(stream=project.public_id, kind="presence.changed", payload=row, audience=EVERYONE)


def project_changed(project: Project) -> None:
    """Its settings, its team or its bot."""
    record(
        stream=project.public_id,
        kind="project.changed",
        payload=team.project_row(project),
        audience=EVERYONE,
    )


def read_changed(session: ChatSession, agent: Agent, *, seen: int) -> None:
    """`seen`: how many of the customer's messages the agent has seen."""
    record(
        stream=session.project.public_id,
        kind="read.changed",
        payload={"session": str(session.public_id), "seen": seen},
        audience=[events.own_tag(agent)],
    )


def ping_changed(ping: Ping) -> None:
    """A test ping, on the stream of the person whose pages are asked; or one of them has answered."""
    record(
        stream=ping.user.public_id,
        kind="ping.changed",
        payload=events.ping_payload(ping),
        audience=EVERYONE,
    )
