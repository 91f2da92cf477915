"""Changing a post that is out, with what it said before kept readable."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from banyan.kernel import clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Invalid, NotFound
from banyan.moderation.actions import check_text
from banyan.people.access import member_id

from ..access import PUBLIC
from ..events import PostEdited
from ..models import AuthorStat, Comment, Post, PostEdit
from ..rules import LIVE
from .checking import Fields, check_audience, check_declared, check_pictures, check_texts
from .feeds import place_post
from .hiding import hold_edit
from .posts import give_link, state_of_new, write_words

LONGEST_NOTE = 500


def edit_post(
    *,
    actor: Actor,
    post_id: int,
    title: str,
    body: str,
    visibility: int | None = None,
    declared: str | None = None,
) -> Post:
    """Change words, audience (None: as it is) or declaration of one's own post.

    Former words that were seen stay in its history, with whom they were for. A post that becomes
    public gets its share link. Emits post.edited when anything changed, unless the post is held
    back. Raises NotFound, Invalid with the field, and what ``moderation.check_text`` raises; words
    that the filter holds take the post out of sight until a moderator has looked at them, and so
    do new words in a group where all posts wait.
    """
    author_id = member_id(actor)
    held = _says_new(post_id, author_id, title=title, body=body) and check_text(
        actor=actor, text=f"{title}\n{body}", where="edit"
    )
    with transaction.atomic():
        post = _locked(post_id, author_id)
        wanted: dict[str, Any] = {
            "title": title.strip(),
            "body": body.strip(),
            "visibility": post.visibility if visibility is None else visibility,
            "declared": post.declared if declared is None else declared,
        }
        changed = {name for name, value in wanted.items() if getattr(post, name) != value}
        if not changed:
            return post
        fields = _wrong(post, author_id, wanted)
        if fields:
            raise Invalid(fields=fields)
        before = post.visibility
        if changed & {"title", "body"} and post.state == LIVE:
            _keep_former(post)
            post.state = state_of_new(actor, post.group_id)
        for name, value in wanted.items():
            setattr(post, name, value)
        post.save(update_fields=[*wanted, "edited_at", "state"])
        if held:
            hold_edit(actor, post)
        if post.state != LIVE:
            return post  # nothing follows from what nobody sees
        show_edited(actor, post, opens=before != PUBLIC)
    return post


def show_edited(actor: Actor, post: Post, *, opens: bool) -> None:
    """Do what follows when a post that was seen before says something else, in a transaction.

    ``opens``: it may be public only now. Emits post.edited.
    """
    write_words(actor, post)
    if opens and post.visibility == PUBLIC:
        open_up(actor, post)
    events.emit(PostEdited(post_id=post.pk, author_id=post.author_id), actor=actor)


def _says_new(post_id: int, author_id: int, *, title: str, body: str) -> bool:
    """Tell whether an edit says anything else: what was let through once is not counted again."""
    own = Post.objects.filter(pk=post_id, author_id=author_id, deleted_at=None)
    return own.exclude(title=title.strip(), body=body.strip()).exists()


def _locked(post_id: int, author_id: int) -> Post:
    own = Post.objects.filter(author_id=author_id, deleted_at=None)
    post = own.select_for_update(no_key=True, of=("self",)).filter(pk=post_id).first()
    if post is None:
        raise NotFound()
    return post


def _wrong(post: Post, author_id: int, wanted: dict[str, Any]) -> Fields:
    words = {"title": wanted["title"], "body": wanted["body"]}
    if post.repin_of_id is not None:
        fields: Fields = {}
        if len(words["body"]) > LONGEST_NOTE or words["title"]:
            fields["body"] = _("At most 500 letters.")
        if wanted["visibility"] != PUBLIC:
            fields["visibility"] = _("What is shown on is for everybody.")
        return fields
    return (
        check_pictures(
            count=post.images.count(),
            kind=post.kind,
            has_video=post.video_id is not None,
            **words,
        )
        | check_texts(**words)
        | check_audience(
            account_id=author_id, visibility=wanted["visibility"], group_id=post.group_id
        )
        | check_declared(wanted["declared"])
    )


def _keep_former(post: Post) -> None:
    now = clock.now()
    PostEdit.objects.create(
        post=post, title=post.title, body=post.body, visibility=post.visibility, until=now
    )
    post.edited_at = now


def open_up(actor: Actor, post: Post) -> None:
    """Give a post that everybody may see now its link, and its place in feeds. Repeatable."""
    if post.link_id is None:
        give_link(actor, post, via=None)
    if post.repin_of_id is None:
        place_post(post)
    mine = AuthorStat.objects.filter(account_id=post.author_id, last_public_id__lt=post.pk)
    mine.update(last_public_id=post.pk)


def accept_answer(*, actor: Actor, post_id: int, comment_id: int | None) -> Post:
    """Say which comment answers one's own question; None takes it back. Repeatable."""
    post = _own(actor, post_id, kind="question")
    return _put_first(post, "accepted", comment_id)


def pin_comment(*, actor: Actor, post_id: int, comment_id: int | None) -> Post:
    """Put a comment first under one's own post; None takes it back. Repeatable."""
    return _put_first(_own(actor, post_id), "pinned", comment_id)


def _own(actor: Actor, post_id: int, **columns: str) -> Post:
    mine = Post.objects.filter(pk=post_id, author_id=member_id(actor), deleted_at=None, **columns)
    post = mine.first()
    if post is None:
        raise NotFound()
    return post


def _put_first(post: Post, name: str, comment_id: int | None) -> Post:
    if comment_id is not None:
        under = Comment.objects.filter(pk=comment_id, post=post, root=None, deleted_at=None)
        if not under.exists():
            raise NotFound()
    setattr(post, f"{name}_id", comment_id)
    post.save(update_fields=[name])
    return post
