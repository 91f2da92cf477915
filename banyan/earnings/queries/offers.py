"""What a sharer can expect, said before they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from banyan.catalog.models import Product, Variant
from banyan.catalog.queries import delivery, listed, on_sale
from banyan.catalog.rules import cheapest, rows_for
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.clock import within
from banyan.kernel.money import Money
from banyan.orders.rules import contained
from banyan.sales.models import SaleItem
from banyan.sales.queries import sale_items

from .. import rules
from ..plans import current_versions, terms_of


@dataclass(frozen=True, slots=True)
class Offer:
    """What the direct sharer gets when somebody buys one unit of the cheapest variant.

    ``amount`` is the least it can be: with two levels, the direct sharer's part; of what a member
    pays today, by a list or in a sale, without the most tax that it contains anywhere; before any
    coupon of the buyer's. ``hold_days`` is how long it is held after receipt.
    """

    amount: Money
    rate_bps: int
    hold_days: int


def offer_of(
    product: Product,
    variants: Sequence[Variant] | None = None,
    in_sales: Sequence[SaleItem] | None = None,
) -> Offer | None:
    """Return what sharing ``product`` can earn today, or None when nothing.

    ``variants`` as ``catalog.queries.on_sale`` reads them, ``in_sales`` what of them is in a sale:
    a query for each of the two where the caller has not read it, and one more.
    """
    version = current_versions(shop_id=product.shop_id, product_ids=[product.pk]).get(product.pk)
    if version is None or not version.rate_bps:
        return None
    if variants is None:
        variants = list(on_sale(product.pk, clock.now(), 0))
    if not variants:
        return None
    if in_sales is None:
        ids = [variant.pk for variant in variants]
        in_sales = sale_items(actor=Actor.guest(), variant_ids=ids)
    terms = terms_of(version)

    def earned(price: int) -> int:
        return rules.direct_part(rules.budget_of(price, terms), terms)

    usual = min(variants, key=lambda variant: variant.price_amount)
    if not earned(usual.price_amount):
        return None
    asked = {item.variant_id: item.amount for item in in_sales if _is_on(item)}
    least = min(_net(variant, asked.get(variant.pk), product) for variant in variants)
    amount = Money(earned(least), usual.currency)
    return Offer(amount, version.rate_bps, version.hold_days)


def _is_on(item: SaleItem) -> bool:
    """Tell whether somebody can have it at the sale's price now, claimed or not."""
    sale = item.sale
    return (
        item.live and sale.paused_at is None and within(clock.now(), sale.starts_at, sale.ends_at)
    )


def _net(variant: Variant, in_sale: int | None, product: Product) -> int:
    """Return the least that a member pays for one unit, without the tax that is in it."""
    row = cheapest(rows_for(listed(variant), member=True, quantity=1), variant.currency)
    listed_at = None if row is None else row.amount
    price = min(one for one in (variant.price_amount, in_sale, listed_at) if one is not None)
    zones = [terms for terms, _places in delivery(variant).tax if terms.included]
    taxes = [contained(price, one, product.tax_class) for one in zones]
    return price - max(taxes, default=0)
