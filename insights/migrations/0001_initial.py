import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('bots', '0004_holders'),
    ]

    operations = [
        migrations.CreateModel(
            name='Answer',
            fields=[
                ('bot', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='bots.bot')),
                ('asked_at', models.DateTimeField()),
                ('code', models.CharField(blank=True, max_length=40)),
                ('webhook', models.CharField(blank=True, choices=[('none', 'none'), ('ours', 'ours'), ('elsewhere', 'elsewhere')], max_length=9)),
                ('webhook_host', models.CharField(blank=True, max_length=253)),
                ('webhook_pending', models.PositiveIntegerField(default=0)),
                ('webhook_error', models.CharField(blank=True, max_length=300)),
                ('is_failing', models.BooleanField(default=False)),
            ],
            options={
                'verbose_name': 'answer of Telegram',
                'verbose_name_plural': 'answers of Telegram',
            },
        ),
    ]
