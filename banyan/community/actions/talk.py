"""Likes and comments."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from banyan.kernel import clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Invalid, NotFound
from banyan.kernel.remembered import insert
from banyan.moderation.actions import check_text
from banyan.people.access import member_id

from .. import counts
from ..access import get_post_for, visible_comments
from ..events import CommentRemoved, PostCommented, PostLiked, PostUnliked
from ..models import Comment, CommentLike, Like, Post
from ..rules import LIVE
from .hiding import hold_comment
from .naming import note_mentions


def like(*, actor: Actor, post_id: int) -> None:
    """Like a post, once. Emits post.liked the first time."""
    by = member_id(actor)
    post = get_post_for(actor, post_id)
    try:
        with transaction.atomic():
            insert(Like(post=post, account_id=by, created_at=clock.now()))
            counts.count("likes", post.pk)
            events.emit(PostLiked(post_id=post.pk, author_id=post.author_id, by_id=by), actor=actor)
    except IntegrityError:
        return


def unlike(*, actor: Actor, post_id: int) -> None:
    """Take a like back; repeatable. Emits post.unliked."""
    by = member_id(actor)
    found = Like.objects.select_related("post").filter(post_id=post_id, account_id=by).first()
    if found is None:
        return
    with transaction.atomic():
        if Like.objects.filter(pk=found.pk).delete()[0]:
            counts.count("likes", post_id, -1)
            told = PostUnliked(
                post_id=post_id,
                author_id=found.post.author_id,
                by_id=by,
                liked_at=found.created_at,
            )
            events.emit(told, actor=actor)


def comment(*, actor: Actor, post_id: int, body: str, parent_id: int | None = None) -> Comment:
    """Write under a post; an answer to an answer joins the same thread. Emits post.commented.

    What the word filter holds is ``deleted_at`` until a moderator has looked at it; it is said and
    counted then. Raises NotFound, Invalid, and what ``moderation.check_text`` raises.
    """
    by = member_id(actor)
    post = get_post_for(actor, post_id)
    body = body.strip()
    if not 1 <= len(body) <= 1000:
        raise Invalid(fields={"body": _("Write 1 to 1000 letters.")})
    parent = None
    if parent_id is not None:
        parent = visible_comments(actor, post.pk).filter(pk=parent_id, deleted_at=None).first()
        if parent is None:
            raise NotFound()
    held = check_text(actor=actor, text=body, where="comment")
    with transaction.atomic():
        row = Comment.objects.create(
            post=post,
            root_id=(parent.root_id or parent.pk) if parent else None,
            parent=parent,
            author_id=by,
            body=body,
            created_at=clock.now(),
        )
        if held:
            hold_comment(actor, row)
        else:
            tell_commented(actor, row)
    return row


def tell_commented(actor: Actor, row: Comment) -> None:
    """Do what follows when a comment appears, in a transaction. Emits post.commented."""
    note_mentions(actor=actor, post=row.post, texts=[row.body], by=row)
    counts.count("comments", row.post_id)
    events.emit(
        PostCommented(
            post_id=row.post_id,
            author_id=row.post.author_id,
            comment_id=row.pk,
            by_id=row.author_id,
            answers_id=row.parent.author_id if row.parent else None,
        ),
        actor=actor,
    )


def delete_comment(*, actor: Actor, comment_id: int) -> None:
    """Take a comment away: its author, or the post's author. Answers to it stay. Repeatable.

    One that is hidden or held back goes for good, too. Emits comment.removed for what was there.
    """
    row = Comment.objects.select_related("post", "parent").filter(pk=comment_id).first()
    if row is None or member_id(actor) not in {row.author_id, row.post.author_id}:
        raise NotFound()
    with transaction.atomic():
        if Comment.objects.filter(pk=row.pk, deleted_at=None).update(deleted_at=clock.now()):
            counts.count("comments", row.post_id, -1)
            Post.objects.filter(pk=row.post_id, pinned=row).update(pinned=None)
            Post.objects.filter(pk=row.post_id, accepted=row).update(accepted=None)
            told = CommentRemoved(
                post_id=row.post_id,
                author_id=row.post.author_id,
                comment_id=row.pk,
                by_id=row.author_id,
                answers_id=row.parent.author_id if row.parent else None,
            )
            events.emit(told, actor=actor)
        else:
            Comment.objects.filter(pk=row.pk).update(state=LIVE)


def like_comment(*, actor: Actor, post_id: int, comment_id: int) -> bool:
    """Like a comment, or take the like back; tells whether it is liked now."""
    by = member_id(actor)
    post = get_post_for(actor, post_id)
    row = visible_comments(actor, post.pk).filter(pk=comment_id, deleted_at=None).first()
    if row is None:
        raise NotFound()
    with transaction.atomic():
        gone, _rows = CommentLike.objects.filter(comment=row, account_id=by).delete()
        if gone:
            counts.count("comment_likes", row.pk, -1)
            return False
    try:
        with transaction.atomic():
            insert(CommentLike(comment=row, account_id=by, created_at=clock.now()))
            counts.count("comment_likes", row.pk)
    except IntegrityError:
        pass  # the same press twice at once
    return True
