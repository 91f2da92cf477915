"""Boards and what is on them."""

from __future__ import annotations

from django.db import models

from banyan.kernel.ids import IdField
from banyan.people.models import Account

from .posts import Post


class Board(models.Model):
    """A named collection of posts. ``visibility`` as of a post (0 public, 3 only me)."""

    id = IdField(primary_key=True)
    owner = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="boards")
    slug = models.CharField(max_length=60)
    title = models.CharField(max_length=80)
    about = models.CharField(max_length=300, blank=True, default="")
    visibility = models.SmallIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "community_board"
        constraints = [models.UniqueConstraint(fields=["owner", "slug"], name="board_slug_once")]


class BoardPost(models.Model):
    """A post on a board, with a note."""

    id = IdField(primary_key=True)
    board = models.ForeignKey(Board, on_delete=models.CASCADE, related_name="entries")
    post = models.ForeignKey(Post, on_delete=models.CASCADE)
    note = models.CharField(max_length=200, blank=True, default="")
    added_at = models.DateTimeField()

    class Meta:
        db_table = "community_boardpost"
        constraints = [models.UniqueConstraint(fields=["board", "post"], name="board_post_once")]
