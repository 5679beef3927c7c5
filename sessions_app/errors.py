"""What this app refuses. Codes and statuses: docs/live-protocol.md."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from core.errors import Refusal


def not_found() -> Refusal:
    """Missing and forbidden look alike."""
    return Refusal("not_found", _("There is no such thing here, or you may not see it."))


def invalid(message: Any, **data: Any) -> Refusal:
    return Refusal("invalid", message, data)


def not_owner(owner: dict[str, Any] | None) -> Refusal:
    """`owner`: {id, name} of the agent who has the session, None if nobody has."""
    if owner is None:
        return Refusal("not_owner", _("This session is not yours."), {"owner": None})
    message = _("This session is %(name)s's now.") % {"name": owner["name"]}
    return Refusal("not_owner", message, {"owner": owner})


def no_reply_right() -> Refusal:
    return Refusal("no_reply_right", _("You may not reply in this project."))


def completed() -> Refusal:
    return Refusal("completed", _("This session is completed. Reopen it to write."))


def key_reused() -> Refusal:
    return Refusal("key_reused", _("This key was used before for another message."))
