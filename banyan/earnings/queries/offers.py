"""What a sharer can expect, said before they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from banyan.catalog.models import Product, Variant
from banyan.catalog.queries import variants_of
from banyan.kernel.money import Money

from .. import rules
from ..plans import current_versions, terms_of


@dataclass(frozen=True, slots=True)
class Offer:
    """What the direct sharer gets when somebody buys one unit of the cheapest variant.

    ``amount`` is the least it can be: with two levels, the direct sharer's part; before any
    coupon of the buyer's. ``hold_days`` is how long it is held after receipt.
    """

    amount: Money
    rate_bps: int
    hold_days: int


def offer_of(product: Product, variants: Sequence[Variant] | None = None) -> Offer | None:
    """Return what sharing ``product`` can earn today, or None when nothing.

    Two queries; one when the caller has read the variants on sale already.
    """
    version = current_versions(shop_id=product.shop_id, product_ids=[product.pk]).get(product.pk)
    if version is None or not version.rate_bps:
        return None
    if variants is None:
        variants = variants_of([product.pk]).get(product.pk, [])
    price = min(variants, key=lambda variant: variant.price_amount, default=None)
    if price is None:
        return None
    terms = terms_of(version)
    amount = rules.direct_part(rules.budget_of(price.price_amount, terms), terms)
    if not amount:
        return None
    return Offer(Money(amount, price.currency), version.rate_bps, version.hold_days)
