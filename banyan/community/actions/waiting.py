"""Posts that wait for a moderator of their group."""

from __future__ import annotations

from django.db import transaction

from banyan.groups.access import require_moderator
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import NotFound
from banyan.people.access import hidden_from

from ..access import PUBLIC
from ..models import Post
from ..rules import LIVE, WAITING
from .editing import show_edited
from .posts import make_known


def let_appear(*, actor: Actor, post_id: int) -> Post:
    """Let a waiting post appear, for a moderator of its group. Repeatable.

    Everybody hears of it now, as of one that was never held: emits post.published and, with the
    link of a public one, link.shared; of one that was seen before it was edited, post.edited.
    Raises NotFound, Forbidden ``not_a_moderator``.
    """
    post = _waiting(actor, post_id)
    with transaction.atomic():
        rows = Post.objects.filter(pk=post.pk, state=WAITING, deleted_at=None)
        if rows.update(state=LIVE) == 1:
            post.refresh_from_db()  # its author may have written again meanwhile
            author = Actor(kind="member", id=post.author_id)
            if post.edited_at is None:
                make_known(author, post, public=post.visibility == PUBLIC)
            else:
                show_edited(author, post, opens=True)
    return post


def turn_away(*, actor: Actor, post_id: int) -> None:
    """Do not let a waiting post appear: it is gone. Repeatable.

    For a moderator of its group. Raises NotFound, Forbidden ``not_a_moderator``.
    """
    post = _waiting(actor, post_id)
    Post.objects.filter(pk=post.pk, state=WAITING).update(deleted_at=clock.now())


def _waiting(actor: Actor, post_id: int) -> Post:
    post = Post.objects.filter(pk=post_id, group__isnull=False, repin_of=None).first()
    if post is None or post.group_id is None:
        raise NotFound()
    require_moderator(actor, post.group_id)
    if hidden_from(actor, [post.author_id]):
        raise NotFound()
    return post
