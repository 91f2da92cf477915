"""What is left of posts that come unasked, without the words and topics that somebody muted."""

from __future__ import annotations

from collections.abc import Iterable

from banyan.kernel.actors import Actor
from banyan.people.access import Mutes
from banyan.people.rules.relations import says_any

from ...rules import topics_of
from ..posts import Shown


def unmuted(viewer: Actor, posts: Iterable[Shown], mutes: Mutes) -> list[Shown]:
    """Return the posts that show nothing the viewer muted; one's own always stay. No query.

    Muted people are left out where ids are found, so that pages are full; words and topics only
    here, so a page may come out shorter, and so may one of a feed that was ranked before somebody
    was muted.
    """
    return [
        one
        for one in posts
        if one.post.author_id == viewer.id or not (_is_by(one, mutes) or _says(one, mutes))
    ]


def _is_by(shown: Shown, mutes: Mutes) -> bool:
    return not mutes.people.isdisjoint({shown.post.author_id, shown.content.author_id})


def _says(shown: Shown, mutes: Mutes) -> bool:
    if not mutes.words and not mutes.topics:
        return False
    texts = (shown.content.title, shown.content.body, shown.post.body)
    if mutes.topics & topics_of(*texts).keys():
        return True
    return says_any("\n".join(texts), mutes.words)
