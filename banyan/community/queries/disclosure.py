"""Why a post is commercial, from facts as they are when it is read."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from banyan.catalog.access import visible_products
from banyan.earnings.plans import rate_in_force

from .. import rules
from ..models import Post, ProductTag


def with_disclosure(posts: QuerySet[Post]) -> QuerySet[Post]:
    """Annotate posts with what :func:`reason_of` asks: nothing is stored with a post, so that a
    commission added, ended, or a link revoked later counts at once."""
    tags = ProductTag.objects.filter(
        post_image__post_id=Coalesce(OuterRef("repin_of_id"), OuterRef("pk")),
        product__in=visible_products(),
    )
    rated = tags.annotate(rate=rate_in_force(product="product_id", shop="product__shop_id"))
    sold = Q()
    for author in ("author_id", "repin_of__author_id"):
        sold |= Q(product__shop__owner_id=OuterRef(author))
        sold |= Q(product__shop__staff__account_id=OuterRef(author))
    return posts.annotate(
        tags_earn=Exists(rated.filter(rate__gt=0)),
        tags_sell=Exists(tags.filter(sold)),
        said_there=F("repin_of__declared"),
        link_is_open=Q(link__isnull=False, link__revoked_at=None),
    )


def reason_of(post: Post) -> rules.Reason:
    """Return why a post of :func:`with_disclosure` is commercial.

    Its author may earn while its share link is open and something in it pays sharers.
    """
    return rules.disclosed(
        declared=_strongest(post.declared, post.said_there or ""),  # type: ignore[attr-defined]  # annotated
        earns=post.tags_earn and post.link_is_open,  # type: ignore[attr-defined]  # as above
        sells=post.tags_sell,  # type: ignore[attr-defined]  # as above
    )


def _strongest(*declared: str) -> str:
    return next((one for one in ("paid", "gift") if one in declared), "")


def reasons(post_ids: Iterable[int]) -> dict[int, rules.Reason]:
    """Return why posts are commercial, by id. One statement."""
    posts = with_disclosure(Post.objects.filter(pk__in=set(post_ids)))
    return {post.pk: reason_of(post) for post in posts}
