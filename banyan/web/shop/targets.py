"""What share links lead to, told to the sharing package at start-up."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.urls import reverse
from django.utils.translation import gettext as _

from banyan.catalog.access import visible_products, visible_shops
from banyan.community.access import visible_posts
from banyan.community.models import ProductTag
from banyan.earnings.queries import offer_of
from banyan.kernel.actors import Actor
from banyan.kernel.money import format_money
from banyan.kernel.remembered import get
from banyan.media.queries import pictures
from banyan.orders.models import Checkout
from banyan.payments.models import Intent
from banyan.people.access import hidden_from
from banyan.sharing.models import Link
from banyan.sharing.ports import TargetCard

from .market.cards import product_cards, product_title, product_url


def product_target(target_id: int) -> TargetCard | None:
    """Describe a product on sale."""
    product = visible_products().select_related("shop").filter(pk=target_id).first()
    if product is None:
        return None
    card = next(iter(product_cards([product])), None)
    return TargetCard(
        url=product_url(product),
        title=product_title(product),
        description=product.description[:200],
        image=card.picture["src"] if card and card.picture else "",
        price=format_money(card.price) if card else "",
    )


def shop_target(target_id: int) -> TargetCard | None:
    """Describe an open shop."""
    shop = visible_shops().filter(pk=target_id).first()
    if shop is None:
        return None
    wanted = shop.cover_id or shop.logo_id
    look = pictures([wanted]).get(wanted) if wanted else None
    return TargetCard(
        url=reverse("shop", args=[shop.slug]),
        title=shop.name,
        description=shop.about[:200],
        image=look["src"] if look else "",
    )


def post_target(target_id: int) -> TargetCard | None:
    """Describe a public post."""
    post = visible_posts(Actor.guest()).select_related("repin_of").filter(pk=target_id).first()
    if post is None:
        return None
    content = post.repin_of or post
    first = content.images.values_list("image_id", flat=True).first()
    picture = pictures([first]).get(first) if first else None
    return TargetCard(
        url=reverse("post", args=[post.pk]),
        title=content.title or content.body[:80],
        description=content.body[:200],
        image=picture["src"] if picture else "",
    )


def checkout_page(intent: Intent) -> str | None:
    """Return the buyer's page of what an intent pays for."""
    try:
        token = get(Checkout, intent.subject_id).access_token
    except Checkout.DoesNotExist:
        return None
    return reverse("purchase", args=[token])


def posts_covering(target_ids: Collection[int], *, product_id: int, shop_id: int) -> Iterable[int]:
    """Return which posts show something of the shop; a repin shows what its original shows."""
    from banyan.community.models import Post

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
    product = visible_products().filter(pk=product_id).first() if product_id else None
    if product is None or offer_of(product) is None:
        return ""
    unnamed = hidden_from(viewer, [link.owner_id])
    return _("%(name)s may earn from this if you buy. It costs you nothing.") % {
        "name": _("Whoever shared this") if unnamed else link.owner.display_name
    }
