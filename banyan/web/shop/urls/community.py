"""URLs of the community."""

from django.urls import path

from ..community import boards, compose, feed, post, suggestions

urlpatterns = [
    path("", feed.home, name="home"),
    path("explore", feed.explore, name="explore"),
    path("moments", feed.moments, name="moments"),
    path("near", feed.near, name="near"),
    path("feed/new", feed.fresh, name="feed_fresh"),
    path("me/lists/<int:list_id>/posts", feed.list_feed, name="list_feed"),
    path("explore/words", suggestions.words, name="search_words"),
    path("post", compose.post_new, name="post_new"),
    path("p/<int:post_id>", post.post, name="post"),
    path("p/<int:post_id>/pictures", compose.post_pictures, name="post_pictures"),
    path("p/<int:post_id>/like", post.post_like, name="post_like"),
    path("p/<int:post_id>/likes", post.post_likes, name="post_likes"),
    path("p/<int:post_id>/comment", post.post_comment, name="post_comment"),
    path(
        "p/<int:post_id>/comment/<int:comment_id>/delete",
        post.comment_delete,
        name="comment_delete",
    ),
    path("p/<int:post_id>/repin", post.post_repin, name="post_repin"),
    path("p/<int:post_id>/save", post.post_save, name="post_save"),
    path("p/<int:post_id>/delete", post.post_delete, name="post_delete"),
    path("@<str:handle>", feed.profile, name="profile"),
    path("@<str:handle>/<slug:slug>", boards.board, name="board"),
    path("me/boards", boards.boards_mine, name="boards_mine"),
    path("me/boards/<int:board_id>", boards.board_edit, name="board_edit"),
    path("me/boards/<int:board_id>/delete", boards.board_delete, name="board_delete"),
    path("me/boards/<int:board_id>/take/<int:post_id>", boards.board_take, name="board_take"),
]
