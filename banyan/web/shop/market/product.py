"""The product page: who brought you, the price, the choice, one thing to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from banyan.catalog.access import (
    get_ended_product,
    get_product_for,
    get_shop_for,
    visible_products,
    was_open,
)
from banyan.catalog.models import Product, Variant
from banyan.catalog.queries import delivery, shown_collections, variants_on_sale
from banyan.catalog.rules import IN_PARCELS, Place, price_range, text_in
from banyan.earnings.queries import offer_of
from banyan.kernel import clock
from banyan.kernel.money import Money
from banyan.kernel.problems import NotFound
from banyan.media.queries import pictures
from banyan.orders import actions as orders
from banyan.web.ui import addresses

from ...http import actor, number, revalidated
from ..heads import Head, breadcrumbs, head_of, offered
from ..standing.age import age_of, gate
from ..trade.listings import listing_facts
from .arrival import Arrival, arrival_of
from .cards import product_cards, product_title, product_url, shop_faces
from .ended import ended, ended_product
from .facts import attribute_rows
from .stand import Stand, stand_of

PAGE = 24
SUMMARY = 150


def _free(variant: Variant) -> int:
    return variant.stock.on_hand - variant.stock.allocated - variant.stock.reserved


def _chosen(variants: list[Variant], wanted: str) -> Variant | None:
    for variant in variants:
        if str(variant.pk) == wanted:
            return variant
    return next((v for v in variants if _free(v) > 0), variants[0] if variants else None)


def _choices(
    product: Product, variants: list[Variant], chosen: Variant | None
) -> list[dict[str, Any]]:
    return [
        {
            "value": str(variant.pk),
            "text": " / ".join(variant.values) or product_title(product),
            "checked": chosen is not None and variant.pk == chosen.pk,
            "disabled": _free(variant) < 1,
        }
        for variant in variants
    ]


@require_safe
@revalidated
def product(request: HttpRequest, shop_slug: str, slug: str) -> HttpResponse:
    """Show a product, the way it reached the reader, and how to buy it."""
    try:
        found, image_ids = get_product_for(actor(request), shop_slug, slug)
    except NotFound:
        gone = get_ended_product(shop_slug, slug)
        if gone is None:
            raise
        return ended_product(request, gone)
    if found.min_age and age_of(request) < found.min_age:
        return gate(request, min_age=found.min_age)
    arrival = arrival_of(request, images=image_ids)
    who = actor(request)
    stand = stand_of(request, found)
    variants = stand.variants(variants_on_sale(found.pk, clock.now(), who.id or 0))
    units = stand.units(variants) or orders.shown_prices(who, variants)
    chosen = _chosen(variants, request.GET.get("variant", ""))
    language = get_language() or "en"
    description = text_in(found.texts, language, "description", found.description)
    prices = price_range([unit.amount for unit in units.values()])
    # A page's own price is its own trade: nobody else earns from it.
    earn = None if arrival.neutral or stand.prices else offer_of(found, variants)
    context: dict[str, Any] = {
        "nav": "explore",
        "product": found,
        "shop": found.shop,
        "title": product_title(found),
        "description": description,
        "summary": description if len(description) <= SUMMARY else f"{description[: SUMMARY - 1]}…",
        "pictures": [one for i in image_ids if (one := arrival.files.picture(i))],
        "variants": variants,
        "choices": _choices(found, variants, chosen) if len(variants) > 1 else [],
        "option_names": " / ".join(found.options),
        "chosen": chosen,
        "price": units[chosen.pk] if chosen else None,
        # What the shop asks elsewhere is no former price of this page's.
        "was": None if stand.prices else _was(chosen, units),
        "from_price": prices is not None and prices[0] != prices[1],
        "free": _free(chosen) if chosen else 0,
        "arrival": arrival,
        "attributes": attribute_rows(found),
        "stand": stand,
        "carried": arrival.code or stand.code,
        "sharer": arrival.sharer or _("Whoever shared this"),
        "earn": earn,
        "discloses": arrival.link is not None and earn is not None,
        "share_url": addresses.url("share", "product", found.pk)
        + (f"?via={arrival.code}" if arrival.code else ""),
        "rating": found.stars / found.ratings if found.ratings else None,
        "buy_url": buy_url(chosen.pk, 1, arrival, stand) if chosen else "",
        **_shipping(found, chosen),
    }
    if found.kind == "listing":
        context["listing"] = listing_facts(found)
    context["head"] = _head(request, found, context)
    return render(request, "shop/market/product.html", context)


def _head(request: HttpRequest, found: Product, shown: dict[str, Any]) -> Head:
    title, description = str(shown["title"]), str(shown["description"])
    about: dict[str, Any] = {"@type": "Product", "name": title, "description": description}
    more: list[tuple[str, str]] = []
    if shown["price"] is not None:
        more, about["offers"] = offered(shown["price"], in_stock=shown["free"] > 0)
    path = product_url(found)
    shop_path = addresses.url("shop", found.shop.slug)
    return head_of(
        request,
        kind="product",
        title=title,
        description=description,
        path=path,
        picture=next(iter(shown["pictures"]), None),
        code=shown["arrival"].code,
        more=more,
        data=[about, breadcrumbs(request, (found.shop.name, shop_path), (title, path))],
    )


def _was(chosen: Variant | None, units: Mapping[int, Money]) -> Money | None:
    """Return what it cost before: what the shop says, else its own price where a list is lower."""
    if chosen is None:
        return None
    own = Money(chosen.price_amount, chosen.currency)
    if chosen.compare_at_amount:
        return Money(chosen.compare_at_amount, chosen.currency)
    return own if units[chosen.pk] < own else None


def _shipping(found: Product, chosen: Variant | None) -> dict[str, Money | None]:
    """Return what the shop's first way of delivery costs at home, and from where on it is free."""
    none: dict[str, Money | None] = {"shipping": None, "ships_free_from": None}
    if chosen is None or found.kind not in IN_PARCELS:
        return none
    ways = delivery(chosen).methods(Place(found.shop.country), chosen.currency)
    if not ways:
        return none
    amount = ways[0].charge(goods=chosen.price_amount, weight=chosen.weight_grams)
    free = ways[0].free_from
    return {
        "shipping": Money(amount, chosen.currency),
        "ships_free_from": None if free is None else Money(free, chosen.currency),
    }


def buy_url(
    variant_id: int | str, quantity: int, arrival: Arrival, stand: Stand | None = None
) -> str:
    """Return the checkout's GET address for buying one thing at once, here or at a storefront."""
    query = {"variant": variant_id, "n": quantity}
    code = arrival.code or (stand.code if stand else "")
    if code:
        query |= {"via": code}
    if stand is not None and stand.offer_id:
        query |= {"offer": stand.offer_id}
    if arrival.code and arrival.touch:
        query |= {"t": arrival.touch}
    return f"{addresses.url('checkout')}?{urlencode(query)}"


@require_safe
@revalidated
def shop(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """Show a shop and its goods."""
    try:
        found = get_shop_for(actor(request), shop_slug)
    except NotFound:
        if not was_open(shop_slug):
            raise
        return ended(request)
    arrival = arrival_of(request)
    after = number(request.GET, "after")
    goods = (
        visible_products()
        .filter(shop=found)
        .select_related("shop")
        .order_by("-published_at", "-id")
    )
    if after is not None:
        goods = goods.filter(pk__lt=after).order_by("-id")
    rows = list(goods[: PAGE + 1])
    look = pictures([found.cover_id, found.logo_id])
    context: dict[str, Any] = {
        "nav": "explore",
        "shop": found,
        "cover": look.get(found.cover_id or 0),
        "face": shop_faces([found])[0],
        "collections": shown_collections(found),
        "products": product_cards(rows[:PAGE], via=arrival.code, touch=arrival.touch),
        "more_url": _more_url(rows[PAGE - 1].pk, arrival) if len(rows) > PAGE else "",
        "arrival": arrival,
        "share_url": addresses.url("share", "shop", found.pk)
        + (f"?via={arrival.code}" if arrival.code else ""),
    }
    logo = look.get(found.logo_id or 0)
    covers = [context["cover"], logo, *(card.picture for card in context["products"])]
    context["head"] = head_of(
        request,
        kind="website",
        title=found.name,
        description=found.about,
        path=addresses.url("shop", found.slug),
        picture=next((one for one in covers if one), None),
        code=arrival.code,
        data=[{"@type": "Store", "name": found.name, "description": found.about}],
    )
    return render(request, "shop/market/shop.html", context)


def _more_url(after: int, arrival: Arrival) -> str:
    query: dict[str, Any] = {"after": after}
    if arrival.code:
        query |= {"via": arrival.code}
    if arrival.touch:
        query |= {"t": arrival.touch}
    return f"?{urlencode(query)}"
