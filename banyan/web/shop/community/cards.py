"""Posts as the cards that pages draw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from banyan.community.labels import label
from banyan.community.models import Post, PostStat
from banyan.community.queries import Shown, reason_of
from banyan.media.queries import Files
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


def covers_of(posts: Iterable[Post]) -> list[int]:
    """Return the ids of the pictures that :func:`cards_about` draws: covers and faces."""
    ids = [pk for post in posts for pk in (post.cover, post.author.avatar_id)]  # type: ignore[attr-defined]
    return [pk for pk in ids if pk]


def cards_about(posts: Iterable[Post], files: Files) -> list[PostCard]:
    """Return cards of posts of ``best_about``; ``files`` are those of covers and faces."""
    return [
        PostCard(
            url=addresses.url("post", post.pk) + (f"?via={post.link.code}" if post.link else ""),
            title=post.title or post.body[:80],
            picture=picture,
            author=face(post.author, files.thumb(post.author.avatar_id)),
            likes=getattr(post, "poststat", PostStat()).likes,
            liked=post.is_liked,  # type: ignore[attr-defined]  # annotated
            like_url=addresses.url("post_like", post.pk),
            pictures=post.count,  # type: ignore[attr-defined]  # as above
            label=label(reason_of(post)),
        )
        for post in posts
        if (picture := files.picture(post.cover)) is not None  # type: ignore[attr-defined]
    ]


def post_cards(posts: Iterable[Shown], reasons: Mapping[int, str] | None = None) -> list[PostCard]:
    """Return cards; a post without a picture has one of words. ``reasons`` say why, by post id."""
    why = reasons or {}
    return [
        PostCard(
            url=post_url(shown),
            title=shown.content.title or shown.content.body[:80],
            picture=shown.images[0] if shown.images else None,
            author=face(shown.post.author, shown.face),
            price=next((spot.price for spot in shown.spots if spot.price), None),
            likes=shown.likes,
            liked=shown.liked,
            like_url=addresses.url("post_like", shown.post.pk),
            pictures=len(shown.images),
            reason=why.get(shown.post.pk, ""),
            label=label(shown.reason),
        )
        for shown in posts
    ]
