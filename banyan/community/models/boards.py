"""Boards and what is on them."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Coalesce

from banyan.kernel.ids import IdField
from banyan.people.models import Account

from .posts import Post

# Where a post stands on its board: the highest first.
PLACE = Coalesce("place", "id", output_field=models.BigIntegerField())


class Board(models.Model):
    """A named collection of posts. ``visibility`` as of a post (0 public, 3 only its people).

    ``cover``: the post whose first picture stands for the board; else the newest one's does.
    """

    id = IdField(primary_key=True)
    owner = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="boards")
    slug = models.CharField(max_length=60)
    title = models.CharField(max_length=80)
    about = models.CharField(max_length=300, blank=True, default="")
    visibility = models.SmallIntegerField(default=0)
    cover = models.ForeignKey(
        Post, null=True, db_index=False, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField()

    class Meta:
        db_table = "community_board"
        constraints = [models.UniqueConstraint(fields=["owner", "slug"], name="board_slug_once")]


class BoardMember(models.Model):
    """Somebody who may add to another's board. ``state``: 0 invited, 1 takes part."""

    id = IdField(primary_key=True)
    board = models.ForeignKey(Board, on_delete=models.CASCADE, related_name="members")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="shared_boards")
    state = models.SmallIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "community_boardmember"
        constraints = [
            models.UniqueConstraint(fields=["board", "account"], name="board_member_once")
        ]


class BoardPost(models.Model):
    """A post on a board, with a note.

    Highest ``place`` first; where none is given its id is its place. ``added_by``: whoever put it
    there, if not the owner.
    """

    id = IdField(primary_key=True)
    board = models.ForeignKey(Board, on_delete=models.CASCADE, related_name="entries")
    post = models.ForeignKey(Post, on_delete=models.CASCADE)
    note = models.CharField(max_length=200, blank=True, default="")
    place = models.BigIntegerField(null=True)
    added_by = models.ForeignKey(
        Account, null=True, db_index=False, on_delete=models.SET_NULL, related_name="+"
    )
    added_at = models.DateTimeField()

    class Meta:
        db_table = "community_boardpost"
        constraints = [models.UniqueConstraint(fields=["board", "post"], name="board_post_once")]
