"""What offers mean for a purchase."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..access import live_offers, live_prices
from ..models import Offer, Storefront


@dataclass(frozen=True, slots=True)
class Taken:
    """An offer that a line was taken from, as it stands now; amounts are minor units of one unit.

    ``amount`` is the page's own price and ``supply_amount`` the supplier's part of it: both only
    for pooled offers, others cost what the shop asks. ``title`` is the page's; ``via`` is the
    owner's share code, empty for the owner's own goods.
    """

    offer_id: int
    storefront_id: int
    via: str
    title: str = ""
    amount: int | None = None
    supply_amount: int | None = None


def taken_offers(wanted: Mapping[int, tuple[int, int]]) -> dict[int, Taken]:
    """Return the live offers that variants were taken from, by variant id.

    ``wanted`` is variant id -> (offer id, product id). What is absent cannot be bought through
    that offer (any more). Two statements, one where nothing is pooled, none for nothing.
    """
    if not wanted:
        return {}
    ids = {offer_id for offer_id, _product in wanted.values()}
    offers = {
        offer.pk: offer
        for offer in live_offers().filter(pk__in=ids).select_related("storefront__link")
    }
    pooled = [offer.pk for offer in offers.values() if offer.kind == "pooled"]
    prices = {
        (offer_id, variant_id): (amount, supply)
        for offer_id, variant_id, amount, supply in (
            live_prices()
            .filter(offer_id__in=pooled, variant_id__in=list(wanted))
            .values_list("offer_id", "variant_id", "amount", "variant__pool_price__supply_amount")
            if pooled
            else ()
        )
    }
    found = {}
    for variant_id, (offer_id, product_id) in wanted.items():
        offer = offers.get(offer_id)
        if offer is None or offer.product_id != product_id:
            continue
        page = offer.storefront
        if offer.kind != "pooled":
            found[variant_id] = Taken(offer.pk, page.pk, _via(offer), page.title)
        elif (offer.pk, variant_id) in prices:
            amount, supply = prices[offer.pk, variant_id]
            found[variant_id] = Taken(offer.pk, page.pk, _via(offer), page.title, amount, supply)
    return found


def _via(offer: Offer) -> str:
    link = offer.storefront.link
    return link.code if link is not None and offer.kind != "own" else ""


def owners_of(storefront_ids: Iterable[int]) -> dict[int, Storefront]:
    """Return storefronts by id, in any state. One statement."""
    rows = Storefront.objects.filter(pk__in=set(storefront_ids))
    return {row.pk: row for row in rows}
