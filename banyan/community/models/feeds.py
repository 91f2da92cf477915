"""What a reader's feeds keep between two pages, and between two visits."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from banyan.kernel.ids import IdField
from banyan.people.models import Account


class FeedSession(models.Model):
    """A ranked feed as it was when it was opened: posts in order, and why each is shown.

    Its pages are slices, so that nothing is repeated or skipped while figures move. Kept for two
    hours in an unlogged table: after a crash it is empty, and readers begin anew. ``viewer`` is
    None for the one that visitors share.
    """

    id = IdField(primary_key=True)
    viewer = models.ForeignKey(Account, null=True, on_delete=models.CASCADE, related_name="+")
    post_ids = ArrayField(models.BigIntegerField())
    reasons = ArrayField(models.CharField(max_length=12))
    made_at = models.DateTimeField()

    class Meta:
        db_table = "community_feedsession"
        indexes = [models.Index(fields=["made_at"], name="feed_session_age")]


class FeedMarker(models.Model):
    """How far somebody has read a feed: up to the post ``seen_id``, on whatever device."""

    id = IdField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    feed = models.CharField(max_length=12)
    seen_id = models.BigIntegerField()
    moved_at = models.DateTimeField()

    class Meta:
        db_table = "community_feedmarker"
        constraints = [models.UniqueConstraint(fields=["account", "feed"], name="marker_once")]
