"""Verbs of the community: the only writers of its tables."""

from .boards import change_board, delete_board, make_board, save_to_board, take_from_board
from .posts import (
    MOST_PICTURES,
    MOST_TAGS,
    Tag,
    delete_post,
    describe_pictures,
    publish_post,
    repin,
)
from .talk import comment, delete_comment, like, unlike
from .words import count_words, index_posts, reindex_posts

__all__ = [
    "MOST_PICTURES",
    "MOST_TAGS",
    "Tag",
    "change_board",
    "comment",
    "count_words",
    "delete_board",
    "delete_comment",
    "delete_post",
    "describe_pictures",
    "index_posts",
    "like",
    "make_board",
    "publish_post",
    "reindex_posts",
    "repin",
    "save_to_board",
    "take_from_board",
    "unlike",
]
