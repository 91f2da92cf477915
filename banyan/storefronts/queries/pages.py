"""What a storefront, its editor and the pool show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Prefetch, Q, QuerySet

from banyan.catalog.models import Product
from banyan.kernel import search
from banyan.kernel.actors import Actor

from ..access import live_offers, live_prices, offered_items
from ..models import Offer, OfferPrice, PoolItem, PoolPrice, PoolSeller, Storefront


@dataclass(slots=True)
class Shown:
    """An offer as shown; ``prices`` is variant id -> the page's price, for pooled ones."""

    offer: Offer
    prices: dict[int, int] = field(default_factory=dict)

    @property
    def product(self) -> Product | None:
        """The product, with its shop; None for a link out."""
        return self.offer.product


def sellable(offers: Iterable[Offer]) -> list[Shown]:
    """Return live offers with their prices, pooled ones that have none left out. One statement."""
    rows = list(offers)
    pooled = [row.pk for row in rows if row.kind == "pooled"]
    prices: dict[int, dict[int, int]] = {}
    if pooled:
        for price in live_prices().filter(offer_id__in=pooled):
            prices.setdefault(price.offer_id, {})[price.variant_id] = price.amount
    return [
        Shown(row, prices.get(row.pk, {}))
        for row in rows
        if row.kind != "pooled" or row.pk in prices
    ]


def offers_of(storefront: Storefront) -> list[Shown]:
    """Return what anybody sees on a page, pinned first, in its own order. Two statements."""
    rows = live_offers().filter(storefront=storefront).select_related("product__shop")
    return sellable(rows.order_by("-is_pinned", "position", "id"))


def pool_items(
    actor: Actor, *, query: str = "", limit: int = 50, rows: QuerySet[PoolItem] | None = None
) -> QuerySet[PoolItem]:
    """Return what the actor could sell, newest first, with prices and their own standing.

    ``rows`` narrows it down further.
    """
    rows = offered_items() if rows is None else rows
    rows = rows.select_related("product__shop").order_by("-id")
    if query:
        wanted = search.asked(query)
        rows = rows.filter(product__words__words=wanted) if wanted else rows.none()
    mine = PoolSeller.objects.filter(account_id=actor.id or 0)
    return rows.prefetch_related(
        Prefetch("prices", PoolPrice.objects.select_related("variant").order_by("variant_id")),
        Prefetch("sellers", mine, to_attr="mine"),
    )[:limit]


def supplied_by(shop_id: int) -> list[PoolItem]:
    """Return a shop's pool items, newest first, with prices, askers and pages that list them.

    Each has ``pages``: the living offers with their page and prices. Four statements.
    """
    items = list(
        PoolItem.objects.filter(product__shop_id=shop_id)
        .select_related("product__shop")
        .prefetch_related(
            Prefetch("prices", PoolPrice.objects.select_related("variant")),
            Prefetch("sellers", PoolSeller.objects.select_related("account").order_by("id")),
        )
        .order_by("-id")
    )
    offers: dict[int, list[Offer]] = {}
    rows = Offer.objects.filter(
        ~Q(state="ended"), kind="pooled", product_id__in=[item.product_id for item in items]
    )
    rows = rows.select_related("storefront__owner").prefetch_related(
        Prefetch("prices", OfferPrice.objects.select_related("variant"))
    )
    for offer in rows.order_by("id"):
        offers.setdefault(offer.product_id or 0, []).append(offer)
    for item in items:
        item.pages = offers.get(item.product_id, [])  # type: ignore[attr-defined]  # for the page
    return items


def listed_ids(storefront: Storefront) -> set[int]:
    """Return the products that are on a page, also paused ones. One statement."""
    rows = storefront.offers.exclude(state="ended").filter(product__isnull=False)
    return {product for product in rows.values_list("product_id", flat=True) if product}


def mine(storefront: Storefront) -> QuerySet[Offer]:
    """Return everything on a page for its owner, paused ones too, with product and prices."""
    rows = storefront.offers.exclude(state="ended")
    rows = rows.select_related("product__shop", "storefront__owner")
    return rows.prefetch_related(
        Prefetch("prices", OfferPrice.objects.select_related("variant__pool_price"))
    ).order_by("-is_pinned", "position", "id")
