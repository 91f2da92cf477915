"""What wanted lines would cost now, priced on the server from zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

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
from banyan.sales.queries import SalePrice, prices_for

from ..rules import LineInput, Priced, ShopTerms, coupon_discount, price
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
    """What a purchase would cost now, with everything placement needs.

    ``sales`` are the sale prices that were asked about, by variant; ``in_sale`` those that count.
    """

    lines: list[WantedLine]
    variants: dict[int, Variant]
    priced: Priced
    currency: str
    coupon: Coupon | None = None
    coupon_problem: CouponRefused | None = None
    unavailable: list[int] = field(default_factory=list)
    sales: Mapping[int, SalePrice] = field(default_factory=dict)

    @property
    def total(self) -> Money:
        """What is to be paid."""
        return Money(self.priced.total(), self.currency)

    def in_sale(self) -> dict[int, SalePrice]:
        """Return the sale prices of the lines that have one, by variant."""
        return _in_sale(self.lines, self.sales)

    def shop_ids(self) -> list[int]:
        """Return the shops, in order of first appearance."""
        return list(dict.fromkeys(v.product.shop_id for v in self.variants.values()))


def quote(
    *,
    actor: Actor,
    lines: Sequence[WantedLine],
    coupon_code: str = "",
    sales: Mapping[int, SalePrice] | None = None,
) -> Quote:
    """Price ``lines`` from zero with today's prices; six statements at most, for any length.

    ``sales`` are prices of sales whose units this purchase has; without it they are asked for.

    A coupon that does not apply is named in ``coupon_problem`` and leaves the price alone.
    Lines no longer on sale are left out and named in ``unavailable``. Raises Invalid for
    quantities out of range, currencies that differ, or nothing to buy.
    """
    _check_lines(lines)
    found = {
        variant.pk: variant
        for variant in buyable_variants(sorted({line.variant_id for line in lines}))
    }
    unavailable = [line.variant_id for line in lines if line.variant_id not in found]
    wanted = merge([line for line in lines if line.variant_id in found])
    if not wanted:
        raise SoldOut(_("This is no longer on sale."), code="not_on_sale")
    variants = {line.variant_id: found[line.variant_id] for line in wanted}
    currencies = {variant.currency for variant in variants.values()}
    if len(currencies) > 1:
        raise Invalid(_("One order has one currency."), code="mixed_currencies")
    currency = currencies.pop()
    if sales is None:
        sales = prices_for(actor=actor, variant_ids=list(variants))
    inputs = [
        _input(line, variants[line.variant_id], _in_sale(wanted, sales).get(line.variant_id))
        for line in wanted
    ]
    shops = {v.product.shop_id: v.product.shop for v in variants.values()}
    terms = [ShopTerms(s.pk, s.shipping_amount, s.free_shipping_from) for s in shops.values()]
    result = Quote(wanted, variants, price(inputs, terms), currency, unavailable=unavailable)
    result.sales = sales
    if coupon_code.strip():
        _apply_coupon(result, coupon_code, inputs, terms)
    return result


def _in_sale(lines: Sequence[WantedLine], sales: Mapping[int, SalePrice]) -> dict[int, SalePrice]:
    """Return the sale prices that count: a line of more units than one may have has none."""
    return {
        line.variant_id: sale
        for line in lines
        if (sale := sales.get(line.variant_id)) is not None and line.quantity <= sale.most
    }


def _input(line: WantedLine, variant: Variant, sale: SalePrice | None) -> LineInput:
    shop_id = variant.product.shop_id
    if sale is not None:
        return LineInput(line.variant_id, shop_id, sale.amount, line.quantity, "sale")
    return LineInput(line.variant_id, shop_id, variant.price_amount, line.quantity)


def _apply_coupon(
    result: Quote, code: str, inputs: list[LineInput], terms: list[ShopTerms]
) -> None:
    try:
        coupon = find_coupon(code)
        goods = result.priced.goods(coupon.shop_id)
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
