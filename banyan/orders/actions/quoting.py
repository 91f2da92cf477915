"""What wanted lines would cost now, priced on the server from zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext_lazy as _

from banyan.catalog.models import Variant
from banyan.catalog.queries import buyable_variants
from banyan.entitlements.actions import CouponRefused, find_coupon
from banyan.entitlements.models import Coupon
from banyan.entitlements.rules import benefit, refusal
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.kernel.problems import Invalid, SoldOut
from banyan.storefronts.queries import Taken, taken_offers

from ..rules import LineInput, Priced, ShopTerms, coupon_discount, of_shop, price
from .cart import MOST_LINES, MOST_OF_ONE


@dataclass(frozen=True, slots=True)
class WantedLine:
    """A variant that somebody wants, and what it was reached through, if anything.

    ``via`` is a share code, ``offer_id`` the storefront offer it was taken from.
    """

    variant_id: int
    quantity: int = 1
    via: str = ""
    touch_id: int | None = None
    offer_id: int | None = None


@dataclass(slots=True)
class Quote:
    """What a purchase would cost now, with everything placement needs."""

    lines: list[WantedLine]
    variants: dict[int, Variant]
    priced: Priced
    currency: str
    coupon: Coupon | None = None
    coupon_problem: CouponRefused | None = None
    unavailable: list[int] = field(default_factory=list)
    offers: dict[int, Taken] = field(default_factory=dict)

    @property
    def total(self) -> Money:
        """What is to be paid."""
        return Money(self.priced.total(), self.currency)

    def shop_ids(self) -> list[int]:
        """Return the shops, in order of first appearance."""
        return list(dict.fromkeys(v.product.shop_id for v in self.variants.values()))


def quote(*, actor: Actor, lines: Sequence[WantedLine], coupon_code: str = "") -> Quote:
    """Price ``lines`` from zero with today's prices; seven statements at most, for any length.

    A line that names a storefront's offer costs what the page asks, and carries the owner's share
    code unless it came with another; an offer that is gone makes the line unavailable.

    A coupon that does not apply is named in ``coupon_problem`` and leaves the price alone.
    Lines no longer on sale are left out and named in ``unavailable``. Raises Invalid for
    quantities out of range, currencies that differ, or nothing to buy.
    """
    _check_lines(lines)
    found = {
        variant.pk: variant
        for variant in buyable_variants(sorted({line.variant_id for line in lines}))
    }
    offers = _offers(lines, found)
    open_to_buy = {
        line.variant_id
        for line in lines
        if line.variant_id in found and (not line.offer_id or line.variant_id in offers)
    }
    unavailable = [line.variant_id for line in lines if line.variant_id not in open_to_buy]
    wanted = merge([_credited(line, offers) for line in lines if line.variant_id in open_to_buy])
    if not wanted:
        raise SoldOut(_("This is no longer on sale."), code="not_on_sale")
    variants = {line.variant_id: found[line.variant_id] for line in wanted}
    currencies = {variant.currency for variant in variants.values()}
    if len(currencies) > 1:
        raise Invalid(_("One order has one currency."), code="mixed_currencies")
    currency = currencies.pop()
    inputs = [
        LineInput(
            line.variant_id,
            variants[line.variant_id].product.shop_id,
            _unit_amount(variants[line.variant_id], offers.get(line.variant_id)),
            line.quantity,
            offers[line.variant_id].supply_amount if line.variant_id in offers else None,
        )
        for line in wanted
    ]
    shops = {v.product.shop_id: v.product.shop for v in variants.values()}
    terms = [ShopTerms(s.pk, s.shipping_amount, s.free_shipping_from) for s in shops.values()]
    result = Quote(
        wanted, variants, price(inputs, terms), currency, unavailable=unavailable, offers=offers
    )
    if coupon_code.strip():
        _apply_coupon(result, coupon_code, inputs, terms)
    return result


def _offers(lines: Sequence[WantedLine], found: dict[int, Variant]) -> dict[int, Taken]:
    """Return the storefront offers that lines were taken from and that still hold."""
    named = {line.variant_id: line.offer_id for line in merge(lines) if line.offer_id}
    return taken_offers(
        {
            variant_id: (offer_id, found[variant_id].product_id)
            for variant_id, offer_id in named.items()
            if variant_id in found
        }
    )


def _credited(line: WantedLine, offers: dict[int, Taken]) -> WantedLine:
    offer = offers.get(line.variant_id)
    return line if offer is None or line.via else replace(line, via=offer.via)


def _unit_amount(variant: Variant, offer: Taken | None) -> int:
    """Return what a unit costs: the page's own price where it has one, else the shop's."""
    if offer is None or offer.amount is None:
        return variant.price_amount
    return offer.amount


def _apply_coupon(
    result: Quote, code: str, inputs: list[LineInput], terms: list[ShopTerms]
) -> None:
    try:
        coupon = find_coupon(code)
        mine = of_shop(inputs, coupon.shop_id)
        goods = sum(line.unit_amount * line.quantity for line in mine)
        if not goods:
            raise CouponRefused("coupon_min_spend")
        why = refusal(coupon, goods_amount=goods, currency=result.currency, at=clock.now())
        if why:
            raise CouponRefused(why)
    except CouponRefused as problem:
        result.coupon_problem = problem
        return
    result.coupon = coupon
    amount = benefit(coupon, goods)
    off = coupon_discount(inputs, shop_id=coupon.shop_id, code=coupon.code, amount=amount)
    result.priced = price(inputs, terms, [off])


def _check_lines(lines: Sequence[WantedLine]) -> None:
    if not lines:
        raise Invalid(_("There is nothing to buy."), code="nothing_to_buy")
    if len(lines) > MOST_LINES:
        raise Invalid(_("At most 100 different things in one order."), code="cart_full")
    if any(not 1 <= line.quantity <= MOST_OF_ONE for line in lines):
        raise Invalid(fields={"quantity": _("Enter a number from 1 to 99.")}, code="quantity")


def merge(lines: Sequence[WantedLine]) -> list[WantedLine]:
    """Return the lines with each variant once."""
    merged: dict[int, WantedLine] = {}
    for line in lines:
        before = merged.get(line.variant_id)
        if before is None:
            merged[line.variant_id] = line
        else:
            merged[line.variant_id] = WantedLine(
                line.variant_id,
                before.quantity + line.quantity,
                before.via or line.via,
                before.touch_id or line.touch_id,
                before.offer_id or line.offer_id,
            )
    return list(merged.values())
