from itertools import groupby, islice

import django.db.models.deletion
from django.db import migrations, models

import core.clock

CHUNK = 500


def share(apps, schema_editor):
    """Attempts that stand side by side and heard the same refer to one judgement."""
    attempts = apps.get_model('sessions_app', 'RoutingAttempt').objects
    judgements = apps.get_model('sessions_app', 'Judgement').objects
    rows = attempts.order_by('pk').values_list('pk', 'verdicts', 'at').iterator(CHUNK)
    while chunk := list(islice(rows, CHUNK)):
        for verdicts, same in groupby(chunk, key=lambda row: row[1]):
            heard = list(same)
            judgement = judgements.create(verdicts=verdicts, at=max(at for _, _, at in heard))
            attempts.filter(pk__in=[key for key, _, _ in heard]).update(judgement=judgement)


class Migration(migrations.Migration):

    dependencies = [
        ('sessions_app', '0004_counts_by_state'),
    ]

    operations = [
        migrations.CreateModel(
            name='Judgement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('verdicts', models.JSONField(default=list)),
                ('at', models.DateTimeField(default=core.clock.now)),
            ],
            options={
                'indexes': [models.Index(fields=['at'], name='sessions_judgement_at')],
            },
        ),
        migrations.AddField(
            model_name='routingattempt',
            name='judgement',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='attempts', to='sessions_app.judgement'),
        ),
        migrations.RunPython(share, migrations.RunPython.noop),
    ]
