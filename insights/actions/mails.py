"""Sending what alarms have to say. The row is the queue; whoever moves `due_at` on has claimed it.

A worker that dies while it sends leaves the row claimed for CLAIM; then it is tried again with the
same Message-ID. Only then can a mail come twice.
"""

from datetime import timedelta

from django.db.models import F

from accounts.models import User
from core import clock, kick, tx
from core.errors import DeliveryError
from core.text import storable
from insights import delivery
from insights.errors import mail_not_sent, no_mail_server
from insights.metrics import MAILS
from insights.models import AlarmMail
from insights.queries import alarms, letters
from projects.models import Project

State = AlarmMail.State

CLAIM = timedelta(minutes=2)
# After the first, the second, ... try that failed; after the last of them it is given up.
PAUSES = tuple(timedelta(minutes=pause) for pause in (1, 5, 15, 60, 240))
ERROR_LENGTH = AlarmMail._meta.get_field("error").max_length


def kick_due() -> None:
    """The net below the kick that was lost, and what is to be tried again. The mails themselves
    are sent by a task: a mail server that hangs must not hold up the clock."""
    if AlarmMail.objects.filter(state=State.WAITING, due_at__lte=clock.now()).exists():
        kick.task("insights.send_mails")


def send_due() -> int:
    """Send what is due; how many were sent. One server serves all: when it cannot be reached, all
    wait for their next try."""
    sent = 0
    while mail := _claim():
        try:
            sent += _send(mail)
        except DeliveryError as error:
            _failed(mail, error)
            if error.code == "unreachable":
                _postpone(error)
    return sent


def _claim() -> AlarmMail | None:
    """The next one that is due, which nobody else gets until the claim is over."""
    now = clock.now()
    due = AlarmMail.objects.filter(state=State.WAITING, due_at__lte=now)
    for key in due.order_by("due_at", "pk").values_list("pk", flat=True)[:50]:
        mine = due.filter(pk=key).update(due_at=now + CLAIM, attempts=F("attempts") + 1)
        if mine:
            rows = AlarmMail.objects.select_related("alarm__project__company", "user")
            return rows.get(pk=key)
    return None


def _send(mail: AlarmMail) -> bool:
    if not delivery.is_set_up():
        raise DeliveryError("refused", str(no_mail_server().message), permanent=True)
    if not alarms.is_mailed(mail):
        _record(mail, state=State.DROPPED)
        return False
    letter = letters.of(mail)
    delivery.send(
        address=mail.user.email,
        subject=letter.subject,
        text=letter.text,
        key=str(mail.public_id),
    )
    MAILS.labels("sent").inc()
    _record(mail, state=State.SENT, sent_at=clock.now(), address=mail.user.email, error="")
    return True


def _failed(mail: AlarmMail, error: DeliveryError) -> None:
    MAILS.labels(error.code).inc()
    said = storable(error.text or error.code)[:ERROR_LENGTH]
    if error.permanent or mail.attempts > len(PAUSES):
        _record(mail, state=State.FAILED, error=said)
    else:
        _record(mail, due_at=clock.now() + PAUSES[mail.attempts - 1], error=said)


def _postpone(error: DeliveryError) -> None:
    now, said = clock.now(), storable(error.text)[:ERROR_LENGTH]
    due = AlarmMail.objects.filter(state=State.WAITING, due_at__lte=now)
    due.update(due_at=now + PAUSES[0], error=said)


def _record(mail: AlarmMail, **outcome: object) -> None:
    """Of this try: a worker that woke up late finds another one's."""
    this_try = AlarmMail.objects.filter(pk=mail.pk, attempts=mail.attempts)
    tx.run(this_try.update, **outcome)


def try_out(*, project: Project, user: User) -> None:
    """Send one mail to this person now. Raises Refusal `no_mail_server` or `mail_not_sent`."""
    if not delivery.is_set_up():
        raise no_mail_server()
    letter = letters.of_a_try(project, user)
    try:
        key = f"try.{project.public_id}.{clock.now().timestamp():.0f}"
        delivery.send(address=user.email, subject=letter.subject, text=letter.text, key=key)
    except DeliveryError as error:
        raise mail_not_sent(error.text) from error
