"""Verbs of the community: the only writers of its tables."""

from .balance import choose_paid
from .boards import (
    change_board,
    choose_cover,
    delete_board,
    invite_to_board,
    join_board,
    leave_board,
    make_board,
    move_on_board,
    note_on_board,
    save_to_board,
    take_from_board,
)
from .checking import MOST_PICTURES, MOST_TAGS, Tag
from .drafts import MOST_DRAFTS, delete_draft, save_draft
from .editing import accept_answer, edit_post, pin_comment
from .feeds import forget_sessions, move_marker
from .polls import PollWish, vote
from .posts import delete_post, describe_own, describe_pictures, publish_post, repin
from .previews import fetch_previews
from .talk import comment, delete_comment, like, like_comment, unlike
from .telling import tell_followers
from .topics import count_heat, follow_topic, unfollow_topic
from .waiting import let_appear, turn_away
from .words import count_words, index_posts, reindex_posts

__all__ = [
    "MOST_DRAFTS",
    "MOST_PICTURES",
    "MOST_TAGS",
    "PollWish",
    "Tag",
    "accept_answer",
    "change_board",
    "choose_cover",
    "choose_paid",
    "comment",
    "count_heat",
    "count_words",
    "delete_board",
    "delete_comment",
    "delete_draft",
    "delete_post",
    "describe_own",
    "describe_pictures",
    "edit_post",
    "fetch_previews",
    "follow_topic",
    "forget_sessions",
    "index_posts",
    "invite_to_board",
    "join_board",
    "leave_board",
    "let_appear",
    "like",
    "like_comment",
    "make_board",
    "move_marker",
    "move_on_board",
    "note_on_board",
    "pin_comment",
    "publish_post",
    "reindex_posts",
    "repin",
    "save_draft",
    "save_to_board",
    "take_from_board",
    "tell_followers",
    "turn_away",
    "unfollow_topic",
    "unlike",
    "vote",
]
