"""The rows as pages see them: pure builders of the payloads in docs/live-protocol.md.

They touch the database for nothing that `for_page()` has loaded. Sequential keys never leave here.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from bots.models import Bot
from live.events import moment
from projects.models import Agent, Project
from routing.models import Pool
from sessions_app.models import ChatSession, Customer, Message, Ping, Receipt, RoutingAttempt

Payload = dict[str, Any]


def person(agent: Agent) -> Payload:
    return {"id": str(agent.public_id), "name": agent.user.name}


def own_tag(agent: Agent) -> str:
    return f"agent:{agent.public_id}"


def audience(session: ChatSession) -> list[str]:
    """The tags of those who may see the session now."""
    if session.state == ChatSession.State.ERASED:
        return []
    if session.state == ChatSession.State.UNASSIGNED:
        return ["managers", "pool"]
    tags = ["managers", "others"]
    return [*tags, own_tag(session.owner)] if session.owner else tags


def customer_payload(customer: Customer) -> Payload:
    return {
        "id": str(customer.public_id),
        "name": customer.name,
        "username": customer.username,
        "language": customer.language_code,
        "blocked": customer.blocked_at is not None,
    }


def session_payload(session: ChatSession) -> Payload:
    """Needs project, customer, owner__user and link loaded."""
    return {
        "id": str(session.public_id),
        "project": str(session.project.public_id),
        "number": session.number,
        "state": session.state,
        "owner": person(session.owner) if session.owner else None,
        "customer": customer_payload(session.customer),
        "opened_at": moment(session.opened_at),
        "queued_at": moment(session.queued_at),
        "waiting_since": moment(session.waiting_since),
        "assigned_at": moment(session.assigned_at),
        "completed_at": moment(session.completed_at),
        "link": _link(session),
        "flagged": session.is_flagged,
        "incoming": session.incoming_count,
        "unanswered_since": moment(session.unanswered_since),
        "last": _last(session),
    }


def _link(session: ChatSession) -> Payload | None:
    """By which redirect link the customer came."""
    link = session.link
    return {"name": link.name, "campaign": link.campaign} if link else None


def _last(session: ChatSession) -> Payload | None:
    if session.last_message_at is None:
        return None
    return {
        "number": session.last_message_number,
        "at": moment(session.last_message_at),
        "text": session.last_message_text,
        "direction": session.last_message_direction,
    }


def message_payload(message: Message) -> Payload:
    """Needs session and author__user loaded. What was recalled is told, and not what it said."""
    is_recalled = message.recalled_at is not None
    return {
        "id": str(message.public_id),
        "session": str(message.session.public_id),
        "number": message.number,
        "direction": message.direction,
        "kind": "recalled" if is_recalled else message.kind,
        "text": "" if is_recalled else message.text,
        "data": {} if is_recalled else message.data,
        "at": moment(message.at),
        "received_at": moment(message.received_at),
        "edited_at": moment(message.edited_at),
        "versions": [] if is_recalled else message.versions,
        "author": person(message.author) if message.author else None,
        "place": message.telegram_message_id,
        "reply_to": message.reply_to_telegram_id,
        "key": str(message.client_key) if message.client_key else None,
        "delivery": message.delivery,
        "error": _delivery_error(message),
        "change": message.change,
    }


def _delivery_error(message: Message) -> Payload | None:
    if not message.delivery_error:
        return None
    return {"code": message.delivery_error, "text": message.delivery_text}


def presence_payload(
    agent: Agent,
    *,
    status: str,
    state: str,
    since: datetime | None,
    open_sessions: int,
    codes: Sequence[Payload],
) -> Payload:
    """Needs user loaded. `codes`: the rules that are not met, [{"code", "evidence"}]."""
    return {
        "agent": str(agent.public_id),
        "name": agent.user.name,
        "status": status,
        "state": state,
        "since": moment(since),
        "open": open_sessions,
        "limit": agent.session_limit,
        "codes": list(codes),
    }


def project_payload(
    project: Project,
    *,
    pool: Pool,
    bot: Bot | None,
    agents: Sequence[Agent],
    in_scope: Collection[int],
    code: str,
) -> Payload:
    """`agents`: the team in its order, with user loaded; `in_scope`: the keys of those in scope;
    `code`: why the project routes nothing, empty if it does."""
    return {
        "id": str(project.public_id),
        "name": project.name,
        "state": project.state,
        "code": code,
        "mode": pool.mode,
        "scope": pool.scope,
        "language": project.language,
        "time_zone": project.time_zone,
        "bot": bot_payload(bot),
        "agents": [_team_member(agent, agent.pk in in_scope) for agent in agents],
    }


def bot_payload(bot: Bot | None) -> Payload | None:
    return {"username": bot.username, "name": bot.name, "state": bot.state} if bot else None


def _team_member(agent: Agent, in_scope: bool) -> Payload:
    return person(agent) | {
        "position": agent.position,
        "enabled": agent.is_enabled,
        "in_scope": in_scope,
        "limit": agent.session_limit,
    }


def why_payload(attempt: RoutingAttempt) -> Payload:
    """The latest try to route a session. Needs agent__user and judgement loaded."""
    return {
        "outcome": attempt.outcome,
        "trigger": attempt.trigger,
        "mode": attempt.mode,
        "scope": attempt.scope,
        "project_code": attempt.project_code,
        "at": moment(attempt.at),
        "last_at": moment(attempt.last_at),
        "count": attempt.count,
        "turn": attempt.turn_after,
        "agent": person(attempt.agent) if attempt.agent else None,
        "verdicts": attempt.verdicts,
    }


def ping_payload(ping: Ping) -> Payload:
    """A test ping to the person whose page it is, and what his pages have answered so far."""
    own = ping.sender_id == ping.user_id
    return {
        "id": str(ping.public_id),
        "by": ping.sender.name if ping.sender and not own else None,
        "at": moment(ping.sent_at),
        "pages": ping.pages,
        "receipts": [_receipt(ping, row) for row in ping.receipts.order_by("at", "pk")],
    }


def _receipt(ping: Ping, row: Receipt) -> Payload:
    return {
        "page": str(row.connection_id),
        "ms": row.after_ms(ping),
        "visible": row.visible,
        "notify": row.notify,
        "shown": row.shown,
    }
