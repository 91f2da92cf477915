"""What is left of posts that come unasked, without the words and topics that somebody muted."""

from __future__ import annotations

from collections.abc import Iterable

from banyan.kernel.actors import Actor
from banyan.people.access import Mutes
from banyan.people.rules.relations import says_any

from ...rules import topics_of
from ..posts import Shown


def unmuted(viewer: Actor, posts: Iterable[Shown], mutes: Mutes) -> list[Shown]:
    """Return the posts that say nothing the viewer muted; one's own always stay. No query.

    Muted people are left out where ids are found, so that pages are full; words and topics only
    here, so a page may come out shorter.
    """
    if not mutes.words and not mutes.topics:
        return list(posts)
    return [one for one in posts if one.post.author_id == viewer.id or not _says(one, mutes)]


def _says(shown: Shown, mutes: Mutes) -> bool:
    texts = (shown.content.title, shown.content.body, shown.post.body)
    if mutes.topics & topics_of(*texts).keys():
        return True
    return says_any("\n".join(texts), mutes.words)
