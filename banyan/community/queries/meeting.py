"""Whom somebody new could follow."""

from __future__ import annotations

from banyan.kernel.actors import Actor
from banyan.people.models import Account, Follow

from .feeds import explore
from .posts import hydrate


def authors_to_meet(viewer: Actor, *, most: int = 5) -> list[Account]:
    """Return authors of what stands first for a reader, whom they do not follow yet, best first.

    Each once; nobody who is blocked, closed, or asked to be suggested to nobody. Statements as for
    a ranked page, and one more.
    """
    known = {viewer.id, *_followed(viewer)}
    found: dict[int, Account] = {}
    ranked = explore(viewer)
    ids = [pk for pk, _reason in ranked.posts]
    for shown in hydrate(viewer, ids, reasons=ranked.commercial):
        author = shown.post.author
        if author.pk not in known and author.is_suggested:
            found.setdefault(author.pk, author)
    return list(found.values())[:most]


def _followed(viewer: Actor) -> list[int]:
    if viewer.id is None:
        return []
    mine = Follow.objects.filter(follower_id=viewer.id)
    return list(mine.values_list("followee_id", flat=True))
