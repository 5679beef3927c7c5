from django.utils.translation import gettext_lazy as _

from core.errors import Refusal


def no_such_company() -> Refusal:
    return Refusal("not_found", _("There is no such company."))


def email_taken() -> Refusal:
    return Refusal("email_taken", _("Somebody has this e-mail address already."))


def last_owner() -> Refusal:
    return Refusal("last_owner", _("A company keeps at least one enabled owner."))
