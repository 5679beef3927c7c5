from django.db import migrations, models, transaction
from django.db.models import Max, Min, OuterRef, Subquery

STEP = 20_000


def note(apps, schema_editor):
    """How far the sessions that are there came, some thousand at a time."""
    model = apps.get_model("sessions_app", "ChatSession")
    said = apps.get_model("sessions_app", "Message").objects.filter(session=OuterRef("pk"))
    theirs = said.filter(direction="in").exclude(text__startswith="/start")
    ours = said.filter(direction="out", author__isnull=False).exclude(delivery="failed")
    had = apps.get_model("sessions_app", "Assignment").objects.filter(session=OuterRef("pk"))
    last = model.objects.aggregate(last=Max("pk"))["last"] or 0
    for first in range(1, last + 1, STEP):
        with transaction.atomic():
            model.objects.filter(pk__gte=first, pk__lt=first + STEP).update(
                wrote_at=_first(theirs, "at"),
                answered_at=_first(ours, "at"),
                first_assigned_at=_first(had, "started_at"),
            )


def _first(rows, name):
    found = rows.order_by().values("session").annotate(first=Min(name))
    return Subquery(found.values("first"))


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("sessions_app", "0010_test_pings")]

    operations = [
        *(
            migrations.AddField("chatsession", name, models.DateTimeField(null=True))
            for name in ("wrote_at", "first_assigned_at", "answered_at")
        ),
        migrations.RunPython(note, migrations.RunPython.noop),
    ]
