"""Folded counters and figures of authors, apart from the wide rows."""

from __future__ import annotations

from django.db import models

from banyan.people.models import Account

from .posts import Post


class PostStat(models.Model):
    """Folded counters of a post; written only by the fold job.

    ``heat`` orders what is liked now: the logarithm of what people did, and a unit for every
    twelve and a half hours of youth. It moves only when the counters do.
    """

    post = models.OneToOneField(Post, primary_key=True, on_delete=models.CASCADE)
    likes = models.IntegerField(default=0)
    comments = models.IntegerField(default=0)
    saves = models.IntegerField(default=0)
    repins = models.IntegerField(default=0)
    heat = models.FloatField(default=0, db_default=0)

    class Meta:
        db_table = "community_poststat"
        indexes = [models.Index(fields=["-heat"], name="post_heat")]


class AuthorStat(models.Model):
    """Figures of an author, apart from the account; they drive long following lists."""

    account = models.OneToOneField(Account, primary_key=True, on_delete=models.CASCADE)
    last_public_id = models.BigIntegerField(default=0)
    last_followers_id = models.BigIntegerField(default=0)
    posts = models.IntegerField(default=0)

    class Meta:
        db_table = "community_authorstat"


class FeedChoice(models.Model):
    """How many paid and rewarded posts a member wants in feeds: usual, fewer or none."""

    account = models.OneToOneField(Account, primary_key=True, on_delete=models.CASCADE)
    paid = models.CharField(max_length=6, default="usual")

    class Meta:
        db_table = "community_feedchoice"
