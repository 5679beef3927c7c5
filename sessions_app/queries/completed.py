"""Completed sessions, and whether one of them hides a customer."""

from django.db.models import Exists, F, OuterRef

from projects.models import Project
from sessions_app.models import ChatSession, Message
from sessions_app.models.sessions import ChatSessionQuerySet


def hiding(project: Project) -> ChatSessionQuerySet:
    """Completed sessions whose customer has written since and got no new one. There are none, by
    the rule that a message opens a session unless one is open.

    The first condition is that of an index: the timeline's last entry is a person's and not the line
    "completed", which is so only if something came in afterwards. What has no number at Telegram
    (a kind of update that is not known yet) opens nothing and hides nobody.
    """
    written = Message.objects.filter(
        session=OuterRef("pk"),
        direction=Message.Direction.IN,
        telegram_message_id__isnull=False,
        received_at__gt=OuterRef("completed_at"),
    )
    newer = ChatSession.objects.filter(customer=OuterRef("customer"), pk__gt=OuterRef("pk"))
    ended = ChatSession.objects.filter(
        project=project,
        state=ChatSession.State.COMPLETED,
        message_count__gt=0,
        last_message_number=F("message_count"),
    )
    return ended.filter(Exists(written), ~Exists(newer)).order_by("number")
