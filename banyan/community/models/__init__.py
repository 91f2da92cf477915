"""Posts with pictures and product tags, boards, likes, comments, and their figures."""

from .boards import Board, BoardPost
from .figures import AuthorStat, PostStat
from .posts import Post, PostImage, PostWords, ProductTag
from .talk import Comment, Like

__all__ = [
    "AuthorStat",
    "Board",
    "BoardPost",
    "Comment",
    "Like",
    "Post",
    "PostImage",
    "PostStat",
    "PostWords",
    "ProductTag",
]
