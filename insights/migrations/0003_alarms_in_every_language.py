from django.db import migrations, models


def keep(apps, schema_editor):
    """What was told before is kept in the language of its project."""
    for alarm in apps.get_model('insights', 'Alarm').objects.select_related('project').iterator():
        alarm.told = {alarm.project.language: {'evidence': alarm.evidence, 'fixes': alarm.fixes}}
        alarm.save(update_fields=['told'])


class Migration(migrations.Migration):

    dependencies = [
        ('insights', '0002_alarms'),
        ('projects', '0002_visitor_ips'),
    ]

    operations = [
        migrations.AddField(
            model_name='alarm',
            name='told',
            field=models.JSONField(default=dict),
        ),
        migrations.RunPython(keep, migrations.RunPython.noop),
        migrations.RemoveField(
            model_name='alarm',
            name='evidence',
        ),
        migrations.RemoveField(
            model_name='alarm',
            name='fixes',
        ),
    ]
