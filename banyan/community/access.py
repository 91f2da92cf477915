"""One visibility gate, for sets and for single rows alike. Absent and forbidden look alike."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from banyan.kernel.actors import Actor
from banyan.kernel.problems import NotFound
from banyan.people.models import Block, Follow

from .models import Board, Post

PUBLIC, FOLLOWERS, FRIENDS, ONLY_ME = 0, 1, 2, 3


def visible_posts(viewer: Actor) -> QuerySet[Post]:
    """Return every post that ``viewer`` may see."""
    posts = Post.objects.filter(deleted_at=None, state=1)
    if viewer.id is None:
        return posts.filter(visibility=PUBLIC)
    follows = Follow.objects.filter(
        follower_id=viewer.id, followee_id=OuterRef("author_id"), state=1
    )
    blocked = Block.objects.filter(
        Q(actor_id=viewer.id, target_id=OuterRef("author_id"))
        | Q(actor_id=OuterRef("author_id"), target_id=viewer.id)
    )
    return posts.filter(
        Q(author_id=viewer.id)
        | Q(visibility=PUBLIC)
        | (Q(visibility=FOLLOWERS) & Exists(follows))
        | (Q(visibility=FRIENDS) & Exists(follows.filter(is_mutual=True)))
    ).exclude(Exists(blocked))


def get_post_for(viewer: Actor, post_id: int) -> Post:
    """Return one post that ``viewer`` may see."""
    post = (
        visible_posts(viewer)
        .select_related("author", "link", "repin_of__author")
        .filter(pk=post_id)
        .first()
    )
    if post is None:
        raise NotFound()
    return post


def visible_boards(viewer: Actor, owner_id: int) -> QuerySet[Board]:
    """Return the boards of ``owner_id`` that ``viewer`` may see."""
    boards = Board.objects.filter(owner_id=owner_id).order_by("title")
    return boards if viewer.id == owner_id else boards.filter(visibility=PUBLIC)


def get_board_for(viewer: Actor, handle: str, slug: str) -> Board:
    """Return one board that ``viewer`` may see."""
    board = (
        Board.objects.select_related("owner")
        .filter(owner__handle__iexact=handle, slug=slug)
        .first()
    )
    if board is None or (board.visibility != PUBLIC and board.owner_id != viewer.id):
        raise NotFound()
    return board
