"""URLs of the community."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from ..community import (
    balance,
    boards,
    compose,
    edit,
    feed,
    moments,
    outward,
    post,
    suggestions,
    talk,
    topics,
    video,
)


class TopicSlug(StringConverter):
    """A topic's slug is never a number: ``/t/<number>`` is a touch of a share link."""

    regex = r"(?!\d+(?:/|$))[^/]+"


register_converter(TopicSlug, "topic")

urlpatterns = [
    path("", feed.home, name="home"),
    path("explore", feed.explore, name="explore"),
    path("near", feed.near, name="near"),
    path("feed/new", feed.fresh, name="feed_fresh"),
    path("me/lists/<int:list_id>/posts", feed.list_feed, name="list_feed"),
    path("explore/words", suggestions.words, name="search_words"),
    path("post", compose.post_new, name="post_new"),
    path("p/<int:post_id>", post.post, name="post"),
    path("p/<int:post_id>/pictures", compose.post_pictures, name="post_pictures"),
    path("p/<int:post_id>/like", post.post_like, name="post_like"),
    path("p/<int:post_id>/likes", post.post_likes, name="post_likes"),
    path("p/<int:post_id>/comments", talk.post_comments, name="post_comments"),
    path("p/<int:post_id>/comment", post.post_comment, name="post_comment"),
    path(
        "p/<int:post_id>/comment/<int:comment_id>/delete",
        talk.comment_delete,
        name="comment_delete",
    ),
    path("p/<int:post_id>/comment/<int:comment_id>/like", talk.comment_like, name="comment_like"),
    path(
        "p/<int:post_id>/comment/<int:comment_id>/answers",
        talk.comment_replies,
        name="comment_replies",
    ),
    path("p/<int:post_id>/first", talk.comment_first, name="comment_first"),
    path("p/<int:post_id>/video", video.post_video, name="post_video"),
    path("p/<int:post_id>/edit", edit.post_edit, name="post_edit"),
    path("p/<int:post_id>/history", edit.post_history, name="post_history"),
    path("p/<int:post_id>/repins", edit.post_repins, name="post_repins"),
    path("p/<int:post_id>/vote", edit.post_vote, name="post_vote"),
    path("p/<int:post_id>/embed", outward.post_embed, name="post_embed"),
    path("p/<int:post_id>/repin", post.post_repin, name="post_repin"),
    path("p/<int:post_id>/save", post.post_save, name="post_save"),
    path("p/<int:post_id>/delete", post.post_delete, name="post_delete"),
    path("t", topics.topics, name="topics"),
    path("t/<topic:slug>", topics.topic, name="topic"),
    path("t/<topic:slug>/follow", topics.topic_follow, name="topic_follow"),
    path("t/<topic:slug>/rss", outward.topic_rss, name="topic_rss"),
    path("moments", moments.moments, name="moments"),
    path("@<str:handle>", feed.profile, name="profile"),
    path("@<str:handle>/rss", outward.profile_rss, name="profile_rss"),
    path("@<str:handle>/<slug:slug>", boards.board, name="board"),
    path("me/drafts", compose.drafts, name="drafts"),
    path("me/drafts/<int:draft_id>/delete", compose.draft_delete, name="draft_delete"),
    path("me/balance", balance.balance, name="balance"),
    path("o/<str:token>/line/<int:line_id>/show", moments.purchase_show, name="purchase_show"),
    path("me/boards", boards.boards_mine, name="boards_mine"),
    path("me/boards/<int:board_id>", boards.board_edit, name="board_edit"),
    path("me/boards/<int:board_id>/delete", boards.board_delete, name="board_delete"),
    path("me/boards/<int:board_id>/move/<int:post_id>", boards.board_move, name="board_move"),
    path("me/boards/<int:board_id>/note/<int:post_id>", boards.board_note, name="board_note"),
    path("me/boards/<int:board_id>/cover/<int:post_id>", boards.board_cover, name="board_cover"),
    path("me/boards/<int:board_id>/invite", boards.board_invite, name="board_invite"),
    path("me/boards/<int:board_id>/join", boards.board_join, name="board_join"),
    path("me/boards/<int:board_id>/leave", boards.board_leave, name="board_leave"),
    path("me/boards/<int:board_id>/take/<int:post_id>", boards.board_take, name="board_take"),
]
