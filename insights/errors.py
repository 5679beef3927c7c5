"""What this app refuses."""

from django.utils.translation import gettext_lazy as _

from core.errors import Refusal


def no_mail_server() -> Refusal:
    return Refusal("no_mail_server", _("No mail server is set up here."))


def mail_not_sent(said: str) -> Refusal:
    return Refusal(
        "mail_not_sent", _("The mail could not be sent: %(said)s") % {"said": said}, {"said": said}
    )
