from sessions_app.models.messages import Message, MessageChange, MessagePart, ReadMark
from sessions_app.models.pings import DryRun, Ping, Receipt
from sessions_app.models.sessions import (
    Assignment,
    ChatSession,
    Customer,
    Judgement,
    RoutingAttempt,
)

__all__ = [
    "Assignment",
    "ChatSession",
    "Customer",
    "Judgement",
    "Message",
    "MessageChange",
    "MessagePart",
    "DryRun",
    "Ping",
    "ReadMark",
    "Receipt",
    "RoutingAttempt",
]
