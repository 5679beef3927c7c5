from django.utils.translation import gettext_lazy as _

from core.errors import Refusal


def no_such_project() -> Refusal:
    return Refusal("not_found", _("There is no such project."))


def no_such_agent() -> Refusal:
    return Refusal("not_found", _("There is no such agent."))


def already_on_team() -> Refusal:
    return Refusal("already_on_team", _("This person is on the team already."))


def not_a_member() -> Refusal:
    return Refusal("not_a_member", _("Only members of the company can be on its teams."))


def order_changed(names: str) -> Refusal:
    """`names`: of the team, in the order that it has now."""
    message = _("Somebody has ordered the list meanwhile: %s. Your order is not saved.") % names
    return Refusal("changed_meanwhile", message)


def agent_changed(changes: str) -> Refusal:
    """`changes`: what is other than it was shown, as it is now, in words."""
    message = _("Somebody has changed this meanwhile: %s. Nothing of yours is saved yet.") % changes
    return Refusal("changed_meanwhile", message)


def other_order() -> Refusal:
    return Refusal(
        "other_order", _("The team has changed meanwhile. Look at the list again, then order it.")
    )
