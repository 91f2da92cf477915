"""The product page: who brought you, the price, the choice, one thing to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from banyan.campaigns.queries import campaigns_of_goods, running_campaigns
from banyan.catalog.access import (
    get_ended_product,
    get_product_for,
    get_shop_for,
    was_open,
)
from banyan.catalog.models import Product, Variant
from banyan.catalog.queries import (
    Facets,
    delivery,
    facets_of,
    list_products,
    products_in_order,
    read_chosen,
    shown_collections,
)
from banyan.catalog.rules import IN_PARCELS, Place, price_range, text_in
from banyan.community.queries import best_about
from banyan.delivery.queries import terms_of
from banyan.earnings.queries import offer_of
from banyan.kernel import clock
from banyan.kernel.money import Money
from banyan.kernel.problems import NotFound
from banyan.kernel.search import BOUND
from banyan.market.queries import listing_of
from banyan.media.queries import pictures
from banyan.orders import actions as orders
from banyan.orders.reading import rights_of, shown_goods
from banyan.people.access import blocked_between
from banyan.sales.models import SaleItem
from banyan.sales.queries import SalePrice, prices_in, sale_items
from banyan.web.ui import addresses

from ...http import actor, revalidated
from ..campaigns.cards import CampaignCard, campaign_cards
from ..community.cards import cards_about, covers_of
from ..heads import Head, breadcrumbs, head_of, offered
from ..orders.explaining import had_all_text
from ..sharing.shown import note_shown
from ..standing.age import age_of, gate
from ..trade.listings import listing_facts
from .arrival import Arrival, arrival_of
from .cards import product_cards, product_title, product_url, shop_faces
from .ended import ended, ended_product
from .facets import more_url, panel
from .facts import attribute_rows
from .stand import Stand, stand_of

PAGE = 24
MOST_TOGETHER = 3
SUMMARY = 150


def _free(variant: Variant) -> int:
    """Return how many the reader can have, those that are kept for a price of theirs included."""
    return variant.stock.free + sum(one.quantity for one in rights_of(variant) if one.keeps)


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
            "sold_out": _free(variant) < 1,
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
    who = actor(request)
    listing = listing_of(found.pk) if found.kind == "listing" else None
    if listing is not None and who.id and blocked_between(listing.seller_id, who.id):
        raise NotFound()  # like the seller's own page
    posts = best_about(who, found.pk)
    arrival = arrival_of(request, images=[*image_ids, *covers_of(posts)])
    stand = stand_of(request, found)
    variants = stand.variants(shown_goods(found.pk, clock.now(), who.id or 0))
    in_sales = (
        []
        if stand.prices
        else sale_items(actor=who, variant_ids=[variant.pk for variant in variants])
    )
    sale_prices = prices_in(in_sales)
    units = stand.units(variants) or orders.shown_prices(who, variants, sale_prices)
    chosen = _chosen(variants, request.GET.get("variant", ""))
    language = get_language() or "en"
    description = text_in(found.texts, language, "description", found.description)
    prices = price_range([unit.amount for unit in units.values()])
    # A page's own price is its own trade: nobody else earns from it.
    earn = None if arrival.neutral or stand.prices else offer_of(found, variants, in_sales)
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
        **_sale(chosen, in_sales),
        "had_all": _had_all(sale_prices.get(chosen.pk)) if chosen else "",
        "together": _together(found, variants, arrival, stand),
        "own": orders.own_price(chosen, units[chosen.pk]) if chosen and not stand.prices else None,
        "from_price": prices is not None and prices[0] != prices[1],
        "free": _free(chosen) + _in_sale(sale_prices.get(chosen.pk)) if chosen else 0,
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
        "handed_over": _handed_over(found),
        **_shipping(found, chosen, units),
        "posts": cards_about(posts, arrival.files),
        "posts_url": addresses.url("product_posts", found.shop.slug, found.slug),
    }
    if listing is not None:
        context["listing"] = listing_facts(listing)
    is_new = listing is None or listing.condition == "new"
    context["head"] = _head(request, found, context, is_new=is_new)
    note_shown(request, (post.link for post in posts))
    return render(request, "shop/market/product.html", context)


def _head(request: HttpRequest, found: Product, shown: dict[str, Any], *, is_new: bool) -> Head:
    title, description = str(shown["title"]), str(shown["description"])
    about: dict[str, Any] = {"@type": "Product", "name": title, "description": description}
    more: list[tuple[str, str]] = []
    if shown["price"] is not None:
        in_stock = shown["free"] > 0
        more, about["offers"] = offered(shown["price"], in_stock=in_stock, is_new=is_new)
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


def _handed_over(found: Product) -> str:
    """Return how something without a parcel is handed over; empty for what is sent."""
    if found.kind == "digital":
        return _("On the page of your order as soon as it is paid")
    if found.kind != "voucher":
        return ""
    terms = terms_of([found.pk]).get(found.pk)
    if terms is None:
        return _("Redeemed on site")
    told = [_("Redeemed on site: %(places)s") % {"places": terms.places}]
    if terms.valid_until:
        told.append(_("until %(until)s") % {"until": clock.told(terms.valid_until)})
    if terms.valid_days:
        days = ngettext("within %(n)s day", "within %(n)s days", terms.valid_days)
        told.append(days % {"n": terms.valid_days})
    return " · ".join(told)


def _in_sale(price: SalePrice | None) -> int:
    return price.most if price else 0


def _had_all(price: SalePrice | None) -> str:
    """Return why the sale's price is not the reader's; empty unless they have had their units."""
    return had_all_text(price) if price is not None and not price.most else ""


def _sale(chosen: Variant | None, items: Sequence[SaleItem]) -> dict[str, Any]:
    """Return the flash sale that the variant is in, or will be, and its price there."""
    item = next((one for one in items if chosen and one.variant_id == chosen.pk), None)
    if item is None:
        return {"sale": None}
    return {
        "sale": item.sale,
        "sale_amount": Money(item.amount, item.currency),
        "sale_to_come": item.sale.starts_at > clock.now(),
    }


def _together(
    found: Product, variants: Sequence[Variant], arrival: Arrival, stand: Stand
) -> CampaignCard | None:
    """Return what people do together for this product now: at the shop itself, and once."""
    if arrival.neutral or stand.prices:
        return None
    rows = campaigns_of_goods(found.shop_id, {one.pk for one in variants})
    about = [one for one in rows if one.mechanic != "flash_sale"][:1]
    return next(iter(campaign_cards(about).values()), None)


def _was(chosen: Variant | None, units: Mapping[int, Money]) -> Money | None:
    """Return what it cost before: what the shop says, else its own price where a list is lower."""
    if chosen is None:
        return None
    own = Money(chosen.price_amount, chosen.currency)
    if chosen.compare_at_amount:
        return Money(chosen.compare_at_amount, chosen.currency)
    return own if units[chosen.pk] < own else None


def _shipping(
    found: Product, chosen: Variant | None, units: Mapping[int, Money]
) -> dict[str, Money | None]:
    """Return what the shop's first way of delivery costs at home, and from where on it is free.

    That of one piece at the price which is shown.
    """
    none: dict[str, Money | None] = {"shipping": None, "ships_free_from": None}
    if chosen is None or found.kind not in IN_PARCELS:
        return none
    ways = delivery(chosen).methods(Place(found.shop.country), chosen.currency)
    if not ways:
        return none
    amount = ways[0].charge(goods=units[chosen.pk].amount, weight=chosen.weight_grams)
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
    chosen, after = read_chosen(request.GET, shop=found), request.GET.get("after", "")[:60]
    rows = list_products(chosen, after=after)
    ids, following = rows.page(size=PAGE)
    facets = Facets() if after else facets_of(rows.ids, chosen)
    bound = str(BOUND) if rows.more else ""
    look = pictures([found.cover_id, found.logo_id])
    context: dict[str, Any] = {
        "nav": "explore",
        "shop": found,
        "cover": look.get(found.cover_id or 0),
        "face": shop_faces([found])[0],
        "collections": shown_collections(found),
        "together": list(campaign_cards(running_campaigns(found.pk)[:MOST_TOGETHER]).values()),
        "panel": panel(request.GET, chosen, facets, bound=bound, place=found),
        "products": product_cards(products_in_order(ids), via=arrival.code, touch=arrival.touch),
        "more_url": more_url(request.GET, following),
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
