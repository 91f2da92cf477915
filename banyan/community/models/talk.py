"""What readers do with a post: like it, answer it."""

from __future__ import annotations

from django.db import models

from banyan.kernel.ids import IdField
from banyan.people.models import Account

from .posts import Post


class Like(models.Model):
    """A member likes a post, once."""

    id = IdField(primary_key=True)
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="likes")
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "community_like"
        constraints = [models.UniqueConstraint(fields=["post", "account"], name="like_once")]


class Comment(models.Model):
    """Two visible levels: a root comment (``root`` None) and its replies.

    ``likes`` is folded, as the figures of posts are. ``state`` says why one that is ``deleted_at``
    is not there: 1 its author or the post's took it away, 2 it is hidden by moderation, 4 it is
    held back until a moderator has looked at it. Only the latter two ever come back.
    """

    id = IdField(primary_key=True)
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="comments")
    root = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="replies")
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="+")
    author = models.ForeignKey(Account, on_delete=models.PROTECT)
    body = models.CharField(max_length=1000)
    likes = models.IntegerField(default=0, db_default=0)
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)
    state = models.SmallIntegerField(default=1, db_default=1)

    class Meta:
        db_table = "community_comment"
        indexes = [models.Index(fields=["post", "root", "id"], name="comment_thread")]


class CommentLike(models.Model):
    """A member likes a comment, once."""

    id = IdField(primary_key=True)
    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="liked")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        db_table = "community_commentlike"
        constraints = [
            models.UniqueConstraint(fields=["comment", "account"], name="comment_like_once")
        ]
