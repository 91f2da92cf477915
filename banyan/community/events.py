"""What the community tells the floors above."""

import datetime as dt
from typing import ClassVar

from banyan.kernel.events import Event


class PostPublished(Event):
    """A post (or a repin) can be seen."""

    name: ClassVar[str] = "post.published"
    subject: ClassVar[str] = "post_id"
    post_id: int
    author_id: int
    repin_of_id: int | None = None


class PostLiked(Event):
    """Somebody likes a post."""

    name: ClassVar[str] = "post.liked"
    subject: ClassVar[str] = "post_id"
    post_id: int
    author_id: int
    by_id: int


class PostUnliked(Event):
    """Somebody took a like back that was given ``liked_at``."""

    name: ClassVar[str] = "post.unliked"
    subject: ClassVar[str] = "post_id"
    post_id: int
    author_id: int
    by_id: int
    liked_at: dt.datetime


class CommentRemoved(Event):
    """A comment was taken away, by whoever wrote it or by the post's author."""

    name: ClassVar[str] = "comment.removed"
    subject: ClassVar[str] = "post_id"
    post_id: int
    author_id: int
    comment_id: int
    by_id: int
    answers_id: int | None = None


class PostRemoved(Event):
    """A post was taken away by its author."""

    name: ClassVar[str] = "post.removed"
    subject: ClassVar[str] = "post_id"
    post_id: int
    author_id: int
    repin_of_id: int | None = None


class PostCommented(Event):
    """Somebody wrote under a post; ``answers_id`` is the account whose comment it answers."""

    name: ClassVar[str] = "post.commented"
    subject: ClassVar[str] = "post_id"
    post_id: int
    author_id: int
    comment_id: int
    by_id: int
    answers_id: int | None = None


class PostEdited(Event):
    """The words, the audience or the declaration of a post changed."""

    name: ClassVar[str] = "post.edited"
    subject: ClassVar[str] = "post_id"
    post_id: int
    author_id: int


class BoardShared(Event):
    """Somebody is asked to add to a board."""

    name: ClassVar[str] = "board.shared"
    subject: ClassVar[str] = "board_id"
    board_id: int
    account_id: int
    by_id: int
