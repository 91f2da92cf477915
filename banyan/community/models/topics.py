"""What posts are about: topics, who follows them, and how much they are talked about."""

from __future__ import annotations

from django.db import models

from banyan.kernel.ids import IdField
from banyan.people.models import Account

from .posts import Post


class Topic(models.Model):
    """A topic that some post named. ``slug`` is its one spelling (``rules.topic_slug``).

    What moderation may switch off: ``is_usable`` (posts are found under it), ``is_listable`` (it
    stands in lists and in searches), ``is_trendable`` (it may be hot).
    """

    id = IdField(primary_key=True)
    slug = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=40)
    is_usable = models.BooleanField(default=True)
    is_listable = models.BooleanField(default=True)
    is_trendable = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "community_topic"


class PostTopic(models.Model):
    """A post names a topic."""

    id = IdField(primary_key=True)
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="topics")
    topic = models.ForeignKey(
        Topic, on_delete=models.CASCADE, related_name="entries", db_index=False
    )

    class Meta:
        db_table = "community_posttopic"
        constraints = [models.UniqueConstraint(fields=["post", "topic"], name="post_topic_once")]
        indexes = [models.Index(fields=["topic", "-post"], name="topic_newest")]


class TopicFollow(models.Model):
    """A member follows a topic."""

    id = IdField(primary_key=True)
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="follows")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, db_index=False)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "community_topicfollow"
        constraints = [
            models.UniqueConstraint(fields=["account", "topic"], name="topic_follow_once")
        ]


class TopicHeat(models.Model):
    """How many different people talked about a topic lately; counted anew by a job.

    ``score`` is ``rules.Heat.score``: somebody whose account is new counts a quarter.
    """

    topic = models.OneToOneField(
        Topic, primary_key=True, on_delete=models.CASCADE, related_name="heat"
    )
    people = models.IntegerField()
    new = models.IntegerField()
    posts = models.IntegerField()
    score = models.IntegerField()
    counted_at = models.DateTimeField()

    class Meta:
        db_table = "community_topicheat"
        indexes = [models.Index(fields=["-score", "topic"], name="topic_hottest")]
