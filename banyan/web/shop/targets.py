"""What share links lead to, told to the sharing package at start-up."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from banyan.catalog.access import visible_products, visible_shops
from banyan.catalog.models import Product
from banyan.community.access import visible_posts
from banyan.community.labels import label
from banyan.community.models import Post, ProductTag
from banyan.community.queries import first_pictures, reason_of, reasons, with_disclosure
from banyan.earnings.queries import offer_of
from banyan.groups.access import visible_groups
from banyan.kernel.actors import Actor
from banyan.kernel.money import format_money
from banyan.kernel.remembered import get
from banyan.media.queries import pictures
from banyan.orders.models import Checkout
from banyan.payments.models import Intent, PaymentRequest
from banyan.payments.queries import may_be_paid
from banyan.people.access import hidden_from, meets
from banyan.sharing.models import Link
from banyan.sharing.ports import TargetCard
from banyan.storefronts.access import live_offers, visible_storefronts
from banyan.web.ui.shapes import ProductCard

from .market.cards import product_cards, product_title, product_url


def product_targets(target_ids: Collection[int]) -> dict[int, TargetCard]:
    """Describe products on sale."""
    products = list(visible_products().select_related("shop").filter(pk__in=target_ids))
    drawn = {card.url: card for card in product_cards(products)}
    return {product.pk: _product(product, drawn.get(product_url(product))) for product in products}


def _product(product: Product, card: ProductCard | None) -> TargetCard:
    return TargetCard(
        url=product_url(product),
        title=product_title(product),
        description=product.description[:200],
        image=card.picture["src"] if card and card.picture else "",
        price=format_money(card.price) if card else "",
    )


def shop_targets(target_ids: Collection[int]) -> dict[int, TargetCard]:
    """Describe open shops."""
    shops = list(visible_shops().filter(pk__in=target_ids))
    looks = {shop.pk: shop.cover_id or shop.logo_id for shop in shops}
    shown = pictures(looks.values())
    return {
        shop.pk: TargetCard(
            url=reverse("shop", args=[shop.slug]),
            title=shop.name,
            description=shop.about[:200],
            image=_source(shown, looks[shop.pk]),
        )
        for shop in shops
    }


def post_targets(target_ids: Collection[int]) -> dict[int, TargetCard]:
    """Describe public posts; a repin looks like its original."""
    return described_posts(visible_posts(Actor.guest()).filter(pk__in=target_ids))


def posts_apart(viewer: Actor, target_ids: Collection[int]) -> set[int]:
    """Return public posts that a block keeps from ``viewer``: their own or their original's."""
    seen = visible_posts(viewer).filter(pk=OuterRef("pk"))
    posts = Post.objects.filter(~Exists(seen), pk__in=target_ids)
    return set(posts.values_list("pk", flat=True))


def described_posts(posts: QuerySet[Post]) -> dict[int, TargetCard]:
    """Describe posts that somebody may see, each with the label it owes its reader."""
    rows = list(with_disclosure(posts).select_related("repin_of"))
    labels = {post.pk: label(reason_of(post)) for post in rows}
    contents = {post.pk: post.repin_of or post for post in rows}
    first = first_pictures(content.pk for content in contents.values())
    shown = pictures(first.values())
    return {
        post_id: TargetCard(
            url=reverse("post", args=[post_id]),
            title=content.title or content.body[:80],
            description=content.body[:200],
            image=_source(shown, first.get(content.pk)),
            label=labels[post_id],
        )
        for post_id, content in contents.items()
    }


def storefront_targets(target_ids: Collection[int]) -> dict[int, TargetCard]:
    """Describe open storefronts, a group's too unless nobody else may know of the group."""
    rows = list(visible_storefronts().select_related("owner").filter(pk__in=target_ids))
    wanted = [page.group_id for page in rows if page.group_id]
    known = visible_groups(Actor.guest()).filter(pk__in=wanted)
    slugs = dict(known.values_list("pk", "slug")) if wanted else {}
    pages = [page for page in rows if page.group_id is None or page.group_id in slugs]
    looks = {page.pk: page.cover_id or page.owner.avatar_id for page in pages}
    shown = pictures(image_id for image_id in looks.values() if image_id)
    return {
        page.pk: TargetCard(
            url=reverse("group_shop", args=[slugs[page.group_id]])
            if page.group_id
            else reverse("storefront", args=[page.owner.handle]),
            title=page.title,
            description=page.intro[:200],
            image=_source(shown, looks[page.pk]),
        )
        for page in pages
    }


def storefronts_apart(viewer: Actor, target_ids: Collection[int]) -> set[int]:
    """Return members' storefronts that a block keeps from ``viewer``; a group's are the group's."""
    pages = visible_storefronts().filter(pk__in=target_ids, group_id=None)
    return set(pages.exclude(meets(viewer, "owner")).values_list("pk", flat=True))


def group_targets(target_ids: Collection[int]) -> dict[int, TargetCard]:
    """Describe groups that anybody may read; of the others a link tells nothing."""
    found = list(visible_groups(Actor.guest()).filter(pk__in=target_ids, visibility=0))
    shown = pictures(group.cover_id for group in found if group.cover_id)
    return {
        group.pk: TargetCard(
            url=reverse("group", args=[group.slug]),
            title=group.name,
            description=group.about[:200],
            image=_source(shown, group.cover_id),
        )
        for group in found
    }


def post_stands_in(viewer: Actor, post_id: int, group_id: int) -> bool:
    """Tell whether ``viewer`` sees the post and it stands in the group."""
    return visible_posts(viewer).filter(pk=post_id, group_id=group_id).exists()


def storefronts_covering(
    target_ids: Collection[int], *, product_id: int, shop_id: int
) -> Iterable[int]:
    """Return which storefronts show something of the shop."""
    shown = live_offers().filter(storefront_id__in=target_ids, product__shop_id=shop_id)
    return set(shown.values_list("storefront_id", flat=True))


def _source(shown: Mapping[int, Any], image_id: int | None) -> str:
    """Return the address of a picture, or an empty text."""
    found = shown.get(image_id or 0)
    return found["src"] if found else ""


def request_page(intent: Intent) -> str | None:
    """Return the page of the payment request that an intent pays.

    None for a payment that goes back, or may: the page speaks of the request, which it did not pay.
    """
    if intent.state == "captured_unplaced" or may_be_paid(intent):
        return None
    codes = PaymentRequest.objects.filter(pk=intent.subject_id).values_list("code", flat=True)
    code = codes.first()
    return reverse("payment_request", args=[code]) if code else None


def checkout_page(intent: Intent) -> str | None:
    """Return the buyer's page of what an intent pays for."""
    try:
        token = get(Checkout, intent.subject_id).access_token
    except Checkout.DoesNotExist:
        return None
    return reverse("purchase", args=[token])


def posts_covering(target_ids: Collection[int], *, product_id: int, shop_id: int) -> Iterable[int]:
    """Return which posts show something of the shop; a repin shows what its original shows."""
    posts = dict(Post.objects.filter(pk__in=target_ids).values_list("id", "repin_of_id"))
    contents = {original or post for post, original in posts.items()}
    showing = set(
        ProductTag.objects.filter(
            post_image__post_id__in=contents, product__shop_id=shop_id
        ).values_list("post_image__post_id", flat=True)
    )
    return [post for post, original in posts.items() if (original or post) in showing]


def disclosure(link: Link, *, viewer: Actor, product_id: int | None) -> str:
    """Return the line a landing page owes its reader when the sharer may earn."""
    if not _pays(link, product_id):
        return ""
    unnamed = hidden_from(viewer, [link.owner_id])
    return _("%(name)s may earn from this if you buy. It costs you nothing.") % {
        "name": _("Whoever shared this") if unnamed else link.owner.display_name
    }


def _pays(link: Link, product_id: int | None) -> bool:
    """Tell whether the sharer may earn: from that product, or from what the shared post shows."""
    if product_id is None and link.target_kind == "post":
        return reasons([link.target_id]).get(link.target_id) == "earns"
    product = visible_products().filter(pk=product_id).first() if product_id else None
    return product is not None and offer_of(product, in_sales=()) is not None
