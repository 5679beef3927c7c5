"""What this app refuses. Codes and statuses: docs/live-protocol.md."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core.errors import Refusal
from projects.models import Project


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


def last_one(projects: Sequence[tuple[Project, int]]) -> Refusal:
    """Nobody else can receive in these projects. With each, how many sessions wait there."""
    said = [_("%(name)s: %(waits)s") % {"name": one.name, "waits": _wait(n)} for one, n in projects]
    message = _(
        "Nobody else can receive now. While you are away, new sessions wait until somebody can. %s."
    )
    rows = [
        {"id": str(project.public_id), "name": project.name, "waiting": waiting}
        for project, waiting in projects
    ]
    return Refusal("last_one", message % "; ".join(said), {"projects": rows})


def _wait(count: int) -> str:
    if not count:
        return str(_("nobody waits so far"))
    return ngettext("%d session waits already", "%d sessions wait already", count) % count


def nobody_here() -> Refusal:
    """There is no open page that could answer."""
    return Refusal("nobody_here", _("No session page is open that could answer."))


def nobody_left() -> Refusal:
    """Rules by which nobody could receive a session."""
    return Refusal(
        "nobody_left", _("Not saved: by these rules nobody could receive a session now.")
    )


# ---------------------------------------------------------------- changes of a message


def not_from_here() -> Refusal:
    return Refusal("not_from_here", _("Only what was sent from here can be changed."))


def not_undelivered() -> Refusal:
    return Refusal("not_undelivered", _("Nothing of this message is missing."))


def not_uncertain() -> Refusal:
    return Refusal("not_uncertain", _("It is known what became of this message."))


def unchanged() -> Refusal:
    return invalid(_("The text is the same as before."))


def other_number_of_parts(needed: int, sent: int) -> Refusal:
    """Telegram lets no message be put between others."""
    message = _("This text needs %(needed)d messages, but it was sent as %(sent)d.")
    return invalid(message % {"needed": needed, "sent": sent}, needed=needed, sent=sent)


def on_its_way() -> Refusal:
    return Refusal("on_its_way", _("It is being sent at this moment. Try again in a second."))


def changing() -> Refusal:
    return Refusal("changing", _("An earlier change of this message is still on its way."))


def not_sent() -> Refusal:
    return Refusal("not_sent", _("This message was not sent, so it cannot be edited."))


def place_unknown() -> Refusal:
    message = _("Telegram's number of this message is not known, so it cannot be changed there.")
    return Refusal("place_unknown", message)


def recalled() -> Refusal:
    return Refusal("recalled", _("This message was recalled."))


def too_old_to_recall() -> Refusal:
    message = _("Telegram deletes no message that was sent more than 48 hours ago.")
    return Refusal("too_old_to_recall", message)
