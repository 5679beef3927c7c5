from django.db import migrations


class Migration(migrations.Migration):
    """By itself: PostgreSQL alters no table in the transaction that has written foreign keys."""

    dependencies = [
        ('sessions_app', '0005_one_judgement_for_many'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='routingattempt',
            name='verdicts',
        ),
    ]
