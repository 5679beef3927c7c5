"""The feed: per stream a dense, numbered list of what changed. No foreign keys: a stream is a uuid.

A project's public id is its stream; a user's own events use the user's public id.
"""

from django.db import models


class Feed(models.Model):
    """The counter of one stream. `head` is the number of its newest event, 0 before the first."""

    stream = models.UUIDField(primary_key=True)
    head = models.BigIntegerField(default=0)
    # Events up to and including this number have been purged; an older cursor gets a reset.
    floor = models.BigIntegerField(default=0)


class Event(models.Model):
    """One change, carrying state and not a delta: `payload` is the whole row as pages see it.

    `audience` and `before` are lists of tags; a viewer sees the event if one of his tags is among
    them (see docs/live-protocol.md). `before` is set when a row may leave somebody's sight.
    """

    stream = models.UUIDField()
    number = models.BigIntegerField()
    kind = models.CharField(max_length=40)
    audience = models.JSONField()
    before = models.JSONField(null=True)
    payload = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stream", "number"], name="live_event_number"),
        ]
        indexes = [models.Index(fields=["at"], name="live_event_at")]
