import django.db.models.deletion
from django.db import migrations, models

import redirects.models


class Migration(migrations.Migration):

    dependencies = [
        ('redirects', '0006_crowds'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='click',
            constraint=models.UniqueConstraint(fields=('ticket',), name='redirects_click_ticket'),
        ),
        migrations.AlterField(
            model_name='click',
            name='ticket',
            field=models.CharField(default=redirects.models.new_ticket, max_length=22),
        ),
        migrations.AlterField(
            model_name='click',
            name='link',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='clicks', to='redirects.link'),
        ),
    ]
