from sessions_app.models.messages import Message, MessagePart, ReadMark
from sessions_app.models.sessions import Assignment, ChatSession, Customer, RoutingAttempt

__all__ = [
    "Assignment",
    "ChatSession",
    "Customer",
    "Message",
    "MessagePart",
    "ReadMark",
    "RoutingAttempt",
]
