"""How things look inside a message, and where pasted addresses lead; told to the chat at start."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext as _

from banyan.catalog.access import visible_products, works_in
from banyan.catalog.models import Shop
from banyan.chat.ports import Card, Place
from banyan.community.access import visible_posts
from banyan.community.models import ProductTag
from banyan.earnings.plans import current_versions
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money, format_money
from banyan.media.queries import pictures
from banyan.orders.models import Order, OrderLine
from banyan.orders.queries import shown_images
from banyan.people.access import hidden_from
from banyan.people.models import Account
from banyan.sharing import ports as sharing
from banyan.sharing.models import Link
from banyan.sharing.ports import TargetCard
from banyan.sharing.queries import link_by_code

from .. import targets
from ..orders.story import state_text


def product_cards(viewer: Actor, ids: Collection[int]) -> Mapping[int, Card]:
    """Draw products on sale."""
    return _as_cards(targets.product_targets(ids))


def post_cards(viewer: Actor, ids: Collection[int]) -> Mapping[int, Card]:
    """Draw posts that the reader may see."""
    return _as_cards(targets.described_posts(visible_posts(viewer).filter(pk__in=ids)))


def shop_cards(viewer: Actor, ids: Collection[int]) -> Mapping[int, Card]:
    """Draw open shops."""
    return _as_cards(targets.shop_targets(ids))


def storefront_cards(viewer: Actor, ids: Collection[int]) -> Mapping[int, Card]:
    """Draw open storefronts of those whom the reader meets."""
    return _as_cards(targets.storefront_targets(set(ids) - targets.storefronts_apart(viewer, ids)))


def _as_cards(found: Mapping[int, TargetCard]) -> dict[int, Card]:
    return {
        pk: Card(url=one.url, title=one.title, image=one.image, price=one.price)
        for pk, one in found.items()
    }


def link_cards(viewer: Actor, ids: Collection[int]) -> Mapping[int, Card]:
    """Draw what was shared into the room: opened through the link, with the line that is owed."""
    links = list(Link.objects.select_related("owner").filter(pk__in=ids, revoked_at=None))
    shown = sharing.cards_of(links, viewer=viewer)
    earning = _earning(link for link in links if link.owner_id != viewer.id)
    hidden = hidden_from(viewer, {link.owner_id for link in links})
    return {
        link.pk: Card(
            url=reverse("open_link", args=[link.code]),
            title=shown[link.pk].title,
            image=shown[link.pk].image,
            price=shown[link.pk].price,
            disclosure=_owed(link.owner, hidden) if link.pk in earning else "",
        )
        for link in links
        if link.pk in shown
    }


def _owed(owner: Account, hidden: Collection[int]) -> str:
    name = _("Whoever shared this") if owner.pk in hidden else owner.display_name
    return _("%(name)s may earn from this if you buy. It costs you nothing.") % {"name": name}


def _earning(links: Iterable[Link]) -> set[int]:
    """Return the links whose sharer earns when what they show is bought. Few statements a shop."""
    shows: dict[int, set[int]] = {}
    posts: dict[int, set[int]] = {}
    whole: dict[int, set[int]] = {}
    for link in links:
        if link.target_kind == "product":
            shows.setdefault(link.target_id, set()).add(link.pk)
        elif link.target_kind == "post":
            posts.setdefault(link.target_id, set()).add(link.pk)
        elif link.target_kind == "shop":
            whole.setdefault(link.target_id, set()).add(link.pk)
    tags = ProductTag.objects.filter(post_image__post_id__in=posts)
    for post_id, product_id in tags.values_list("post_image__post_id", "product_id"):
        shows.setdefault(product_id, set()).update(posts[post_id])
    by_shop: dict[int, list[int]] = {shop_id: [] for shop_id in whole}
    goods = visible_products().filter(pk__in=shows)
    for product_id, shop_id in goods.values_list("pk", "shop_id"):
        by_shop.setdefault(shop_id, []).append(product_id)
    found: set[int] = set()
    for shop_id, product_ids in by_shop.items():
        some = product_ids or list(
            visible_products().filter(shop_id=shop_id).values_list("pk", flat=True)[:1]
        )
        for product_id, version in current_versions(shop_id=shop_id, product_ids=some).items():
            if version is not None and version.rate_bps:
                found |= shows.get(product_id, set()) | whole.get(shop_id, set())
    return found


def order_cards(viewer: Actor, ids: Collection[int]) -> Mapping[int, Card]:
    """Draw orders for their buyer and for those who work in the shop; nobody else."""
    orders = Order.objects.select_related("checkout").filter(pk__in=ids)
    rooms: dict[int, bool] = {}
    mine: list[Order] = []
    for order in orders:
        if order.checkout.buyer_id != viewer.id:
            if order.shop_id not in rooms:
                rooms[order.shop_id] = works_in(viewer, order.shop_id)
            if not rooms[order.shop_id]:
                continue
        mine.append(order)
    first: dict[int, OrderLine] = {}
    for line in OrderLine.objects.filter(order__in=mine).order_by("id"):
        first.setdefault(line.order_id, line)
    images = shown_images({line.product_id for line in first.values()})
    shown = pictures(images.values())
    slugs = dict(Shop.objects.filter(pk__in=rooms).values_list("pk", "slug"))
    return {
        order.pk: Card(
            url=reverse("purchase", args=[order.checkout.access_token])
            if order.checkout.buyer_id == viewer.id
            else reverse("studio_order", args=[slugs[order.shop_id], order.pk]),
            title=_("Order %(number)s") % {"number": order.number},
            sub=state_text(order.state),
            image=_source(
                shown, images.get(first[order.pk].product_id) if order.pk in first else 0
            ),
            price=format_money(Money(order.total_amount, order.currency)),
        )
        for order in mine
    }


def _source(shown: Mapping[int, dict[str, str]], image_id: int | None) -> str:
    found = shown.get(image_id or 0)
    return found["src"] if found else ""


def read_address(address: str, host: str) -> Place | None:
    """Return what a typed address of ours leads to: a share link, goods, a post, a shop."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    if parts.netloc not in {host, urlsplit(settings.PUBLIC_URL).netloc}:
        return None
    try:
        match = resolve(parts.path)
    except Resolver404:
        return None
    reader = _READERS.get(match.view_name)
    return reader(match.kwargs) if reader else None


def _read_link(named: Mapping[str, str]) -> Place | None:
    link = link_by_code(named["code"])
    return Place("link", link.pk) if link else None


def _read_product(named: Mapping[str, str]) -> Place | None:
    at = visible_products().filter(shop__slug__iexact=named["shop_slug"], slug=named["slug"])
    return _first("product", at.values_list("pk", flat=True).first())


def _read_shop(named: Mapping[str, str]) -> Place | None:
    at = Shop.objects.filter(slug__iexact=named["shop_slug"], state="open")
    return _first("shop", at.values_list("pk", flat=True).first())


def _read_post(named: Mapping[str, str]) -> Place | None:
    return _first("post", int(named["post_id"]))


def _first(kind: str, found: int | None) -> Place | None:
    return Place(kind, found) if found else None


_READERS = {
    "open_link": _read_link,
    "product": _read_product,
    "shop": _read_shop,
    "post": _read_post,
}


def register() -> None:
    """Fill the chat's ports."""
    from banyan.chat import ports

    ports.register_card("product", product_cards)
    ports.register_card("post", post_cards)
    ports.register_card("shop", shop_cards)
    ports.register_card("storefront", storefront_cards)
    ports.register_card("link", link_cards)
    ports.register_card("order", order_cards)
    ports.register_address_reader(read_address)
