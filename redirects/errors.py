from django.utils.translation import gettext_lazy as _

from core.errors import Refusal


def no_such_link() -> Refusal:
    return Refusal("not_found", _("There is no such link."))


def changed_meanwhile(name: str) -> Refusal:
    message = _("%s has changed this link meanwhile. Here is how it is now; yours is not saved.")
    return Refusal("changed_meanwhile", message % name)


def foreign_agents() -> Refusal:
    message = _("A link's own agents are on the team of its project.")
    return Refusal("invalid", message, {"agents": [str(message)]})
