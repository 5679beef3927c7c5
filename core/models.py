from django.db import models


class Tick(models.Model):
    """When a periodic job last ran. Claimed by one conditional update: see core.ticks."""

    name = models.CharField(max_length=100, primary_key=True)
    last_run_at = models.DateTimeField()
