"""What the word filter holds back: nobody sees it before a moderator has looked at it."""

from __future__ import annotations

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.moderation.actions import hold

from ..models import Comment, Post
from ..rules import HELD, HIDDEN, LIVE, WAITING


def hold_post(actor: Actor, post: Post) -> None:
    """Keep a new post back until a moderator has looked at it. In the caller's transaction."""
    Post.objects.filter(pk=post.pk).update(state=HELD)
    post.state = HELD
    hold(actor=actor, kind="post", subject_id=post.pk, author_id=post.author_id)


def hold_edit(actor: Actor, post: Post) -> None:
    """Take an edited post off the pages until a moderator has looked. In a transaction.

    One that waits for its group is looked at before that, as a new one is.
    """
    if post.state == WAITING:
        hold_post(actor, post)
    elif Post.objects.filter(pk=post.pk, state=LIVE).update(state=HIDDEN):
        post.state = HIDDEN
        hold(actor=actor, kind="post", subject_id=post.pk, author_id=post.author_id)


def hold_comment(actor: Actor, comment: Comment) -> None:
    """Keep a new comment back until a moderator has looked at it. In the caller's transaction."""
    comment.deleted_at, comment.state = clock.now(), HELD
    comment.save(update_fields=["deleted_at", "state"])
    hold(actor=actor, kind="comment", subject_id=comment.pk, author_id=comment.author_id)
