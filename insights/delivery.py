"""Handing mails to the mail server of the settings."""

import smtplib

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from core.errors import DeliveryError

ERROR_LENGTH = 300


def is_set_up() -> bool:
    return bool(settings.EMAIL_HOST)


def send(*, address: str, subject: str, text: str, key: str) -> None:
    """`key`: the same for the same mail, whoever sends it again.

    Waits EMAIL_TIMEOUT at most for each answer of the server. Raises DeliveryError: `refused`
    (permanent: the server does not take this mail) or `unreachable` (it takes none now).
    """
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")
    mail = EmailMessage(
        subject=" ".join(subject.split()),
        body=text,
        to=[address],
        headers={"Message-ID": f"<{key}@{domain}>", "Auto-Submitted": "auto-generated"},
        connection=get_connection(),
    )
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as error:
        raise _refused(*next(iter(error.recipients.values()))) from error
    except smtplib.SMTPDataError as error:
        raise _refused(error.smtp_code, error.smtp_error) from error
    except smtplib.SMTPResponseException as error:  # at connecting, signing in, or of the sender
        raise DeliveryError("unreachable", _told(error.smtp_code, error.smtp_error)) from error
    except (OSError, smtplib.SMTPException) as error:
        said = str(error) or type(error).__name__
        raise DeliveryError("unreachable", said[:ERROR_LENGTH]) from error


def _refused(code: int, said: bytes | str) -> DeliveryError:
    """https://www.rfc-editor.org/rfc/rfc5321#section-4.2.1: 5xx will be so again."""
    is_lasting = code >= 500
    return DeliveryError("refused", _told(code, said), permanent=is_lasting)


def _told(code: int, said: bytes | str) -> str:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return f"{code} {text}"[:ERROR_LENGTH]
