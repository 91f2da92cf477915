"""Posts, boards, topics, what is said about them, and their figures."""

from .boards import Board, BoardMember, BoardPost
from .feeds import FeedMarker, FeedSession
from .figures import AuthorStat, FeedChoice, PostStat
from .polls import Poll, PollOption, PollVote
from .posts import Post, PostImage, PostWords, ProductTag
from .talk import Comment, CommentLike, Like
from .topics import PostTopic, Topic, TopicFollow, TopicHeat
from .writing import LinkPreview, Mention, PostDraft, PostEdit

__all__ = [
    "AuthorStat",
    "Board",
    "BoardMember",
    "BoardPost",
    "Comment",
    "CommentLike",
    "FeedChoice",
    "FeedMarker",
    "FeedSession",
    "Like",
    "LinkPreview",
    "Mention",
    "Poll",
    "PollOption",
    "PollVote",
    "Post",
    "PostDraft",
    "PostEdit",
    "PostImage",
    "PostStat",
    "PostTopic",
    "PostWords",
    "ProductTag",
    "Topic",
    "TopicFollow",
    "TopicHeat",
]
