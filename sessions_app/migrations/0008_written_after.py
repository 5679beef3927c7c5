from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sessions_app', '0007_answer_since'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='chatsession',
            index=models.Index(condition=models.Q(('message_count__gt', 0), ('state', 'completed'), ('last_message_number', models.F('message_count'))), fields=['project', 'number'], name='sessions_written_after'),
        ),
    ]
