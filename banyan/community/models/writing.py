"""Around the text of a post: who is named in it, what it said before, and what is not out yet."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from banyan.kernel.ids import IdField
from banyan.people.models import Account

from .posts import Post
from .talk import Comment


class Mention(models.Model):
    """A person named by ``@handle`` in a post, or in a comment under it; ``handle`` as it was.

    ``told_at``: when they were told, once; empty while they may not see where they are named.
    """

    id = IdField(primary_key=True)
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="mentions")
    comment = models.ForeignKey(
        Comment, null=True, on_delete=models.CASCADE, related_name="mentions"
    )
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    handle = models.CharField(max_length=30)
    told_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "community_mention"
        constraints = [
            models.UniqueConstraint(
                fields=["post", "comment", "account"], name="mention_once", nulls_distinct=False
            )
        ]


class PostEdit(models.Model):
    """What a post said until it was edited, and who could read it then."""

    id = IdField(primary_key=True)
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="edits")
    title = models.CharField(max_length=120, blank=True, default="")
    body = models.TextField(blank=True, default="")
    visibility = models.SmallIntegerField()
    until = models.DateTimeField()

    class Meta:
        db_table = "community_postedit"


class PostDraft(models.Model):
    """A post that is not out yet, as its form was sent: ``form`` holds lists of texts by field."""

    id = IdField(primary_key=True)
    owner = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="drafts")
    form = models.JSONField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "community_postdraft"


class LinkPreview(models.Model):
    """What a page behind an address says of itself, fetched once by a job.

    ``state``: 0 waiting, 1 shown, 2 nothing to show.
    """

    id = IdField(primary_key=True)
    url = models.CharField(max_length=500, unique=True)
    state = models.SmallIntegerField(default=0)
    title = models.CharField(max_length=200, blank=True, default="")
    description = models.CharField(max_length=300, blank=True, default="")
    site = models.CharField(max_length=253, blank=True, default="")
    tries = models.SmallIntegerField(default=0)
    created_at = models.DateTimeField()
    fetched_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "community_linkpreview"
        indexes = [
            models.Index(fields=["id"], name="preview_waiting", condition=Q(state=0)),
        ]
