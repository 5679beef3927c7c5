"""What routing refuses."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from core.errors import Refusal


def rules_changed(names: str, changes: str) -> Refusal:
    """`names`: who saved the rules meanwhile; `changes`: what they are now, in words."""
    message = _(
        "%(names)s saved these rules while you had them open: %(changes)s. Nothing of yours is "
        "saved yet."
    )
    return Refusal("changed_meanwhile", message % {"names": names, "changes": changes})


def hours_changed(week: list[str]) -> Refusal:
    message = _(
        "Somebody has changed these hours meanwhile: %s. Nothing of yours is saved yet."
    ) % (", ".join(week) or _("none"))
    return Refusal("changed_meanwhile", message)


def overlapping_hours(one: Any, other: Any) -> Refusal:
    message = _("%(one)s and %(other)s have time in common.") % {"one": one, "other": other}
    return Refusal("invalid", message)
