"""Reads of the community: feeds by pull, hydrated once; statements do not grow with the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Count

from banyan.catalog.models import Product, Variant
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.media.queries import pictures

from .access import visible_posts
from .models import BoardPost, Comment, Like, Post, PostImage, ProductTag

PAGE = 20

_FOLLOWING = """
WITH f AS MATERIALIZED (
  SELECT s.followee_id, s.is_mutual FROM people_follow s
  WHERE s.follower_id = %(viewer)s AND s.state = 1
    AND NOT EXISTS (SELECT 1 FROM people_block b
      WHERE (b.actor_id = %(viewer)s AND b.target_id = s.followee_id)
         OR (b.actor_id = s.followee_id AND b.target_id = %(viewer)s))
  UNION ALL SELECT %(viewer)s, true
)
SELECT x.id FROM f CROSS JOIN LATERAL (
  SELECT p.id FROM community_post p
  WHERE p.author_id = f.followee_id AND p.deleted_at IS NULL AND p.state = 1
    AND (p.visibility <= 1 OR (p.visibility = 2 AND f.is_mutual)
         OR p.author_id = %(viewer)s)
    AND p.id < %(before)s
  ORDER BY p.id DESC LIMIT %(page)s OFFSET 0
) x ORDER BY x.id DESC LIMIT %(page)s
"""
_END = 2**63 - 1


@dataclass(slots=True)
class Spot:
    """A product tag on a picture; ``x`` and ``y`` in thousandths."""

    picture: int
    x: int
    y: int
    product: Product
    price: Money | None


@dataclass(slots=True)
class Shown:
    """A post with everything a card or a page draws. A repin shows its original's content."""

    post: Post
    content: Post
    images: list[Any] = field(default_factory=list)
    spots: list[Spot] = field(default_factory=list)
    likes: int = 0
    comments: int = 0
    liked: bool = False


def following_ids(viewer: Actor, *, before: int = _END, page: int = PAGE) -> list[int]:
    """Return post ids of whom the viewer follows (and their own), newest first."""
    with connection.cursor() as cursor:
        cursor.execute(_FOLLOWING, {"viewer": viewer.id, "before": before, "page": page})
        return [post_id for (post_id,) in cursor.fetchall()]


def newest_ids(viewer: Actor, *, before: int = _END, page: int = PAGE) -> list[int]:
    """Return public posts the viewer may see, newest first; repins are left to the followers."""
    posts = visible_posts(viewer).filter(visibility=0, repin_of=None, pk__lt=before)
    return list(posts.order_by("-id").values_list("id", flat=True)[:page])


def posts_of(viewer: Actor, author_id: int, *, before: int = _END, page: int = PAGE) -> list[int]:
    """Return an author's posts that the viewer may see."""
    posts = visible_posts(viewer).filter(author_id=author_id, pk__lt=before)
    return list(posts.order_by("-id").values_list("id", flat=True)[:page])


def board_ids(viewer: Actor, board_id: int) -> list[int]:
    """Return the posts of a board that the viewer may see, newest addition first."""
    entries = BoardPost.objects.filter(board_id=board_id, post__in=visible_posts(viewer))
    return list(entries.order_by("-id").values_list("post_id", flat=True)[:200])


def about_product(viewer: Actor, product_id: int, *, page: int = 8) -> list[int]:
    """Return public posts that show a product."""
    posts = visible_posts(viewer).filter(
        visibility=0, images__tags__product_id=product_id, repin_of=None
    )
    return list(posts.order_by("-id").values_list("id", flat=True).distinct()[:page])


def hydrate(viewer: Actor, ids: Sequence[int]) -> list[Shown]:
    """Return posts ready to draw, in the order of ``ids``; eight statements for any number."""
    rows = Post.objects.filter(pk__in=ids).select_related(
        "author__avatar", "link", "repin_of__author__avatar"
    )
    posts = {post.pk: post for post in rows}
    content_ids = [(p.repin_of_id or p.pk) for p in posts.values()]
    images: dict[int, list[PostImage]] = {}
    for row in PostImage.objects.filter(post_id__in=content_ids).order_by("position"):
        images.setdefault(row.post_id, []).append(row)
    shown = pictures([row.image_id for group in images.values() for row in group])
    spots = _spots(images)
    likes = _counts(Like.objects.filter(post_id__in=ids))
    comments = _counts(Comment.objects.filter(post_id__in=ids, deleted_at=None))
    liked: set[int] = set()
    if viewer.id is not None:
        mine = Like.objects.filter(post_id__in=ids, account_id=viewer.id)
        liked = set(mine.values_list("post_id", flat=True))
    result = []
    for post_id in ids:
        post = posts.get(post_id)
        if post is None:
            continue
        content = post.repin_of or post
        result.append(
            Shown(
                post=post,
                content=content,
                images=[
                    shown[r.image_id] for r in images.get(content.pk, []) if r.image_id in shown
                ],
                spots=spots.get(content.pk, []),
                likes=likes.get(post_id, 0),
                comments=comments.get(post_id, 0),
                liked=post_id in liked,
            )
        )
    return result


def _counts(rows: Any) -> dict[int, int]:
    return dict(rows.values_list("post_id").annotate(n=Count("id")))


def _spots(images: dict[int, list[PostImage]]) -> dict[int, list[Spot]]:
    places = {row.pk: (post_id, row.position) for post_id, group in images.items() for row in group}
    tags = list(
        ProductTag.objects.filter(post_image_id__in=places)
        .select_related("product__shop")
        .order_by("id")
    )
    prices: dict[int, Money] = {}
    for variant in Variant.objects.filter(
        product_id__in={tag.product_id for tag in tags}, is_active=True
    ).order_by("-price_amount"):
        prices[variant.product_id] = Money(variant.price_amount, variant.currency)
    found: dict[int, list[Spot]] = {}
    for tag in tags:
        post_id, picture = places[tag.post_image_id]
        found.setdefault(post_id, []).append(
            Spot(picture, tag.x, tag.y, tag.product, prices.get(tag.product_id))
        )
    return found


def thread(post_id: int) -> list[tuple[Comment, list[Comment]]]:
    """Return the comments of a post in two levels, oldest first; one statement."""
    rows = Comment.objects.filter(post_id=post_id, deleted_at=None).select_related("author")
    roots: dict[int, tuple[Comment, list[Comment]]] = {}
    replies: list[Comment] = []
    for row in rows.order_by("id")[:500]:
        if row.root_id is None:
            roots[row.pk] = (row, [])
        else:
            replies.append(row)
    for row in replies:
        if row.root_id in roots:
            roots[row.root_id][1].append(row)
    return list(roots.values())


def posts_showing(shop_id: int) -> list[int]:
    """Return the posts that show something of a shop, with the repins of them. Two queries."""
    tagged = ProductTag.objects.filter(product__shop_id=shop_id)
    originals = list(tagged.values_list("post_image__post_id", flat=True).distinct())
    repins = Post.objects.filter(repin_of_id__in=originals).values_list("id", flat=True)
    return [*originals, *repins]
