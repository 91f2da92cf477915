"""URLs of the community."""

from django.urls import path

from ..community import feed, post

urlpatterns = [
    path("", feed.home, name="home"),
    path("explore", feed.explore, name="explore"),
    path("post", post.post_new, name="post_new"),
    path("p/<int:post_id>", post.post, name="post"),
    path("p/<int:post_id>/like", post.post_like, name="post_like"),
    path("p/<int:post_id>/comment", post.post_comment, name="post_comment"),
    path("p/<int:post_id>/repin", post.post_repin, name="post_repin"),
    path("p/<int:post_id>/save", post.post_save, name="post_save"),
    path("p/<int:post_id>/delete", post.post_delete, name="post_delete"),
    path("@<str:handle>", feed.profile, name="profile"),
    path("@<str:handle>/<slug:slug>", feed.board, name="board"),
]
