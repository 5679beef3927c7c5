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


def forbidden() -> Refusal:
    return Refusal("forbidden", _("You have no right to do this here."))


def not_on_team() -> Refusal:
    """A manager who wants to answer customers himself."""
    return Refusal("no_reply_right", _("To have sessions you must be an agent of this project."))


def open_elsewhere(session: Any) -> Refusal:
    """`session`: the public id of the customer's open session."""
    message = _("This customer has another open session.")
    return Refusal("open_elsewhere", message, {"session": str(session)})


def not_completed() -> Refusal:
    return Refusal("not_completed", _("This session is open already."))


def target_cannot_receive(agent: dict[str, Any], codes: list[dict[str, Any]]) -> Refusal:
    """`codes`: the rules that are not met, [{"code", "evidence"}]."""
    message = _("%(name)s cannot receive this session now.") % {"name": agent["name"]}
    return Refusal("target_cannot_receive", message, {"agent": agent, "codes": codes})


def not_routing(code: str) -> Refusal:
    """`code`: project_paused or bot_invalid."""
    if code == "project_paused":
        return Refusal(code, _("This project is paused: its sessions are not given to anybody."))
    return Refusal(code, _("This project's bot does not work: check its token."))
