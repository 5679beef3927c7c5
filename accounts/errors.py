from django.utils.translation import gettext_lazy as _

from core.errors import Refusal


def no_such_company() -> Refusal:
    return Refusal("not_found", _("There is no such company."))


def email_taken() -> Refusal:
    return Refusal("email_taken", _("Somebody has this e-mail address already."))


def last_owner() -> Refusal:
    return Refusal("last_owner", _("A company keeps at least one enabled owner."))


def owners_only() -> Refusal:
    return Refusal("forbidden", _("Only an owner makes and changes owners."))


def not_their_link() -> Refusal:
    return Refusal(
        "forbidden", _("This person has a password, or works elsewhere too: ask them to sign in.")
    )


def weak_password(problems: list[str]) -> Refusal:
    return Refusal("invalid", " ".join(problems), {"password": problems})


def unknown_language() -> Refusal:
    return Refusal("invalid", _("This language is not offered."))
