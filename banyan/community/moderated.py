"""What moderation does to posts and comments, and what it knows of them."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.moderation import ports

from . import counts
from .access import PUBLIC, visible_comments, visible_posts
from .actions.editing import open_up
from .actions.posts import make_known, state_of_new, write_words
from .actions.talk import tell_commented
from .models import Comment, Post, PostImage
from .rules import HELD, HIDDEN, LIVE

LABEL = 80


def _hide_post(*, actor: Actor, subject_id: int, reason: str) -> None:
    Post.objects.filter(pk=subject_id).update(state=HIDDEN)


def _restore_post(*, actor: Actor, subject_id: int, reason: str) -> None:
    post = Post.objects.select_for_update().filter(pk=subject_id, state__in=[HIDDEN, HELD]).first()
    if post is None:
        return
    author = Actor(kind="member", id=post.author_id)
    was_held = post.state == HELD
    # Not seen so far: its group may want to look at it as well.
    post.state = state_of_new(author, post.group_id) if was_held else LIVE
    post.save(update_fields=["state"])
    if post.deleted_at is not None or post.state != LIVE:
        return
    if was_held and post.edited_at is None:
        make_known(author, post, public=post.visibility == PUBLIC)
        return
    # What an edit said while nobody saw it is found from now on.
    write_words(author, post)
    if post.visibility == PUBLIC and post.link_id is None:
        open_up(author, post)


def _hide_comment(*, actor: Actor, subject_id: int, reason: str) -> None:
    row = Comment.objects.filter(pk=subject_id, deleted_at=None).first()
    if row is not None and Comment.objects.filter(pk=row.pk, deleted_at=None).update(
        deleted_at=clock.now(), state=HIDDEN
    ):
        counts.count("comments", row.post_id, -1)


def _restore_comment(*, actor: Actor, subject_id: int, reason: str) -> None:
    rows = Comment.objects.select_for_update(of=("self",)).select_related("post", "parent")
    row = rows.filter(pk=subject_id, state__in=[HIDDEN, HELD]).first()
    if row is None or not row.body:
        return  # it was never away, or its author took it away, or is gone with what it said
    was_held = row.state == HELD
    row.deleted_at, row.state = None, LIVE
    row.save(update_fields=["deleted_at", "state"])
    if was_held:
        tell_commented(Actor(kind="member", id=row.author_id), row)
    else:
        counts.count("comments", row.post_id, 1)


def _sees_post(actor: Actor, subject_id: int) -> bool:
    return visible_posts(actor).filter(pk=subject_id).exists()


def _sees_comment(actor: Actor, subject_id: int) -> bool:
    row = Comment.objects.filter(pk=subject_id, deleted_at=None).first()
    if row is None or not _sees_post(actor, row.post_id):
        return False
    return visible_comments(actor, row.post_id).filter(pk=row.pk).exists()


def _find_post(subject_id: int) -> ports.Found | None:
    post = Post.objects.filter(pk=subject_id).first()
    if post is None:
        return None
    pictures = PostImage.objects.filter(post=post).order_by("position")
    return ports.Found(
        author_id=post.author_id,
        label=(post.title or post.body)[:LABEL] or str(_("A post with pictures")),
        url=reverse("post", args=[post.pk]),
        text=f"{post.title}\n{post.body}".strip(),
        images=list(pictures.values_list("image_id", flat=True)),
    )


def _find_comment(subject_id: int) -> ports.Found | None:
    row = Comment.objects.filter(pk=subject_id).first()
    if row is None:
        return None
    return ports.Found(
        author_id=row.author_id,
        label=row.body[:LABEL],
        url=reverse("post", args=[row.post_id]) + f"?c={row.pk}#c{row.pk}",
        text=row.body,
    )


def register() -> None:
    """Let posts and comments be reported."""
    ports.register(
        ports.Subject(
            "post", _("A post"), _sees_post, _find_post, hide=_hide_post, restore=_restore_post
        )
    )
    ports.register(
        ports.Subject(
            "comment", _("Comment"), _sees_comment, _find_comment,
            hide=_hide_comment, restore=_restore_comment,
        )
    )  # fmt: skip
