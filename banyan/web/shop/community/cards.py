"""Posts as the cards that pages draw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from banyan.community.queries import Shown
from banyan.media.queries import thumb_urls
from banyan.people.models import Account
from banyan.web.ui import addresses
from banyan.web.ui.shapes import Face, PostCard


def face(account: Account, picture: Any = None) -> Face:
    """Return a person as shown."""
    return Face(
        name=account.display_name,
        handle=account.handle,
        url=addresses.url("profile", account.handle),
        picture_url=picture or "",
    )


def post_url(shown: Shown) -> str:
    """Return the post's page; its share code travels along, so that the chain is kept."""
    url = addresses.url("post", shown.post.pk)
    return f"{url}?via={shown.post.link.code}" if shown.post.link else url


def post_cards(posts: Iterable[Shown], small: Mapping[int, str] | None = None) -> list[PostCard]:
    """Return cards; posts without a picture are left out.

    ``small`` are the authors' faces if they were read already; else one statement reads them.
    """
    posts = list(posts)
    if small is None:
        small = thumb_urls(shown.post.author.avatar_id for shown in posts)
    return [
        PostCard(
            url=post_url(shown),
            title=shown.content.title or shown.content.body[:80],
            picture=shown.images[0],
            author=face(shown.post.author, small.get(shown.post.author.avatar_id or 0, "")),
            price=next((spot.price for spot in shown.spots if spot.price), None),
            likes=shown.likes,
            liked=shown.liked,
            like_url=addresses.url("post_like", shown.post.pk),
            pictures=len(shown.images),
        )
        for shown in posts
        if shown.images
    ]
