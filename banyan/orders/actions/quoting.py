"""What wanted lines would cost now, priced on the server from zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from banyan.catalog.models import Variant
from banyan.catalog.queries import delivery, priced_variants
from banyan.catalog.rules import IN_PARCELS, Method, Place
from banyan.entitlements.purses import purses_of_rows
from banyan.entitlements.rights import HeldPrice
from banyan.entitlements.rules import Purse
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.kernel.problems import Invalid, SoldOut
from banyan.sales.queries import SalePrice, prices_of_rows, prices_under
from banyan.storefronts.queries import Taken, taken_offers

from ..reading import goods, purses_of, rights_of, sales_of
from ..rules import (
    Agreement,
    LineInput,
    Priced,
    ShopTerms,
    UnitPrice,
    WantedLine,
    agreement_of,
    merge,
    price,
)
from .cart import MOST_LINES, MOST_OF_ONE
from .couponing import Basket, Coupons, again, choose
from .persons import Contact, same_person
from .pointing import Points, points_for
from .unit_prices import Asking, currencies_of, unit_prices


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the buyer chose: where to, in which currency, and the way of delivery of each shop.

    ``coupons_off`` are the ids of offered coupons that shall not be used; ``use_points``: as many
    of the member's points as may be. Without ``to`` the shop's own country is assumed, without the
    others what comes first.
    """

    to: Place | None = None
    currency: str = ""
    methods: Mapping[int, int] = field(default_factory=dict)
    coupons_off: frozenset[int] = frozenset()
    use_points: bool = True


NO_WISHES = Wishes()


@dataclass(frozen=True, slots=True)
class Carriage:
    """How one shop's goods would travel; ``chosen`` is None where it does not deliver.

    ``unknown``: what was wished for is no way to that place.
    """

    methods: tuple[Method, ...]
    chosen: Method | None
    unknown: bool = False


@dataclass(slots=True)
class Quote:
    """What a purchase would cost now, with everything placement needs.

    ``carriage`` has the shops that send a parcel; ``currencies`` those that every line offers.
    ``sales`` and ``rights`` are the prices in sales and the buyer's own ones that were there, by
    variant, whether they count or not.
    """

    lines: list[WantedLine]
    variants: dict[int, Variant]
    prices: dict[int, tuple[UnitPrice, ...]]
    priced: Priced
    currency: str
    currencies: list[str]
    inputs: list[LineInput] = field(default_factory=list)
    carriage: dict[int, Carriage] = field(default_factory=dict)
    coupons: Coupons = field(default_factory=Coupons)
    points: Points = field(default_factory=Points)
    unavailable: list[int] = field(default_factory=list)
    offers: dict[int, Taken] = field(default_factory=dict)
    sales: Mapping[int, SalePrice] = field(default_factory=dict)
    rights: Mapping[int, tuple[HeldPrice, ...]] = field(default_factory=dict)

    @property
    def total(self) -> Money:
        """What is to be paid."""
        return Money(self.priced.total(), self.currency)

    @property
    def min_age(self) -> int:
        """How old the buyer has to be for all of it, in years; 0 for everybody."""
        return max((v.product.min_age or 0 for v in self.variants.values()), default=0)

    @property
    def agreement(self) -> Agreement:
        """What somebody who is shown this agrees to."""
        return agreement_of(self.priced, self.currency)

    def shop_ids(self) -> list[int]:
        """Return the shops, in order of first appearance."""
        return list(dict.fromkeys(v.product.shop_id for v in self.variants.values()))

    def source(self, variant_id: int, name: str) -> Any:
        """Return a figure of the last source of a line's price that has it, else None."""
        found = (getattr(one, name) for one in reversed(self.prices[variant_id]))
        return next((value for value in found if value is not None), None)

    def in_sale(self) -> dict[int, SalePrice]:
        """Return the sales that the lines are bought in, by variant."""
        return {key: sale for key, sale in self.sales.items() if self.source(key, "sale_id")}

    def by_right(self) -> dict[int, HeldPrice]:
        """Return the buyer's own prices that lines are bought at, by variant."""
        known = {one.right_id: one for held in self.rights.values() for one in held}
        used = {key: self.source(key, "right_id") for key in self.rights}
        return {key: known[right_id] for key, right_id in used.items() if right_id}

    def kept(self) -> set[int]:
        """Return the variants whose units are held in stock for the price they are bought at."""
        return {key for key, right in self.by_right().items() if right.keeps}

    def left_out(self) -> dict[int, HeldPrice]:
        """Return the buyer's own prices that would be less, for fewer units, by variant."""
        found = {}
        for line in self.inputs:
            held = self.rights.get(line.key, ())
            less = [one for one in held if one.amount < line.unit_amount]
            if mine := [one for one in less if one.currency == self.currency]:
                found[line.key] = max(mine, key=lambda one: one.quantity)
        return found

    def beyond_sale(self) -> dict[int, SalePrice]:
        """Return the sales whose price would be less, for fewer units than a line's, by variant.

        What other lines take of what one person may have is off their ``room``.
        """
        taken: dict[int, int] = {}
        lines = {line.key: line for line in self.inputs}
        for key, sale in self.in_sale().items():
            fresh = max(0, lines[key].quantity - sale.rights)
            taken[sale.sale_id] = taken.get(sale.sale_id, 0) + fresh
        found = {}
        for key, sale in self.sales.items():
            left = replace(sale, room=sale.room - taken.get(sale.sale_id, 0))
            if (
                left.most < lines[key].quantity
                and sale.amount < lines[key].unit_amount
                and self.variants[key].currency == self.currency
            ):
                found[key] = left
        return found

    def charge(self, shop_id: int, method: Method) -> int:
        """Return what a way of delivery would cost for the shop's part of this purchase."""
        sent = self._sent(shop_id)
        weight = sum(one.weight_grams * one.quantity for one in sent.values())
        return method.charge(goods=self._worth(sent), weight=weight)

    def until_free(self, shop_id: int, method: Method | None) -> int | None:
        """Return what is missing until ``method`` is free; None where that helps nothing."""
        if method is None or method.free_from is None or not self.charge(shop_id, method):
            return None
        return method.free_from - self._worth(self._sent(shop_id))

    def _sent(self, shop_id: int) -> dict[int, LineInput]:
        return {one.key: one for one in self.inputs if one.shop_id == shop_id and one.in_parcel}

    def _worth(self, sent: Mapping[int, LineInput]) -> int:
        mine = [line for line in self.priced.lines if line.key in sent]
        return sum(line.goods - line.discount + line.points for line in mine)

    def undelivered(self) -> list[int]:
        """Return the shops that do not deliver to that place, or not in this currency."""
        return [shop for shop, found in self.carriage.items() if found.chosen is None]


def quote(
    *,
    actor: Actor,
    lines: Sequence[WantedLine],
    coupon_code: str = "",
    wishes: Wishes = NO_WISHES,
    contact: Contact | None = None,
    kept: Quote | None = None,
) -> Quote:
    """Price ``lines`` from zero with today's prices, with the best legal set of coupons.

    A line that names a storefront's offer costs what the page asks and carries its owner's share
    code, unless it came with another; an offer that is gone makes the line unavailable. At most
    two more statements, none without offers.

    ``kept`` is a quote whose coupons, units of sales, price rights and points this purchase has
    reserved: these stay as they are; without it they are read.

    One statement for the goods, their sales, the buyer's own prices and points, and as many for
    coupons whatever the length. ``contact`` is how a guest is reached as far as it is known: where
    a sale is on, one or two more say what they have had of it. A price right for fewer units than
    its line is not used; ``left_out`` names it, ``beyond_sale`` a sale's price. A typed code that
    cannot be used is named in ``coupons.problem`` and leaves the price alone. Lines no longer on
    sale are left out and named in ``unavailable``; shops that do not deliver there in
    ``undelivered``. Raises Invalid for quantities out of range,
    currencies that differ (``mixed_currencies``) or are not offered (``currency_not_offered``), or
    nothing to buy.
    """
    _check_lines(lines)
    at = clock.now()
    ids = sorted({line.variant_id for line in lines})
    read = goods if kept is None else priced_variants
    found = {variant.pk: variant for variant in read(ids, at, actor.id or 0)}
    offers = _offers(lines, found)
    to_be_had = {
        line.variant_id
        for line in merge(lines)
        if line.variant_id in found and (not line.offer_id or line.variant_id in offers)
    }
    unavailable = [line.variant_id for line in lines if line.variant_id not in to_be_had]
    wanted = merge([_credited(line, offers) for line in lines if line.variant_id in to_be_had])
    if not wanted:
        raise SoldOut(_("This is no longer on sale."), code="not_on_sale")
    variants = {line.variant_id: found[line.variant_id] for line in wanted}
    currencies = _currencies(actor, wanted, variants, offers)
    currency = _currency(wishes.currency, currencies, variants)
    if kept is None:
        pooled = _pooled(offers)
        shops_own = {key: one for key, one in variants.items() if key not in pooled}
        sales = prices_of_rows({key: sales_of(one) for key, one in shops_own.items()})
        if sales and actor.id is None and contact is not None:
            sales = prices_under(sales, same_person(actor, contact))
        rights = {key: rights_of(one) for key, one in shops_own.items()}
    else:
        # What was taken outside a sale stays there, whatever is free by now.
        sales, rights = kept.in_sale(), dict(kept.rights)
    prices = unit_prices(Asking(actor, wanted, variants, currency, at, offers, sales, rights))
    inputs = [_input(line, variants[line.variant_id], prices[line.variant_id]) for line in wanted]
    terms, carriage = _terms(inputs, variants, currency, wishes)
    result = Quote(
        lines=wanted,
        variants=variants,
        prices=prices,
        priced=Priced([]),
        currency=currency,
        currencies=sorted(currencies),
        inputs=inputs,
        carriage=carriage,
        unavailable=unavailable,
        offers=offers,
        sales=sales,
        rights=rights,
    )
    via = {line.variant_id: line.via for line in wanted}
    basket = Basket(inputs, variants, via, terms, currency)
    result.coupons = _coupons(actor, contact, coupon_code, wishes, kept, basket)
    discounts = result.coupons.discounts()
    result.points = points_for(
        purses=_purses(variants, currency) if kept is None else kept.points.purses,
        wanted=wishes.use_points,
        inputs=inputs,
        discounts=discounts,
    )
    result.priced = price(inputs, terms, [*discounts, *result.points.discounts()])
    return result


def _purses(variants: Mapping[int, Variant], currency: str) -> dict[int, Purse]:
    """Return what the buyer can spend in points, by shop."""
    return purses_of_rows((purses_of(one) for one in variants.values()), currency)


def _offers(lines: Sequence[WantedLine], found: Mapping[int, Variant]) -> dict[int, Taken]:
    """Return the storefront offers that lines were taken from and that still hold."""
    return taken_offers(
        {
            line.variant_id: (line.offer_id, found[line.variant_id].product_id)
            for line in merge(lines)
            if line.offer_id and line.variant_id in found
        }
    )


def _pooled(offers: Mapping[int, Taken]) -> set[int]:
    """Return the variants that are sold at a page's own price."""
    return {key for key, offer in offers.items() if offer.amount is not None}


def _credited(line: WantedLine, offers: Mapping[int, Taken]) -> WantedLine:
    offer = offers.get(line.variant_id)
    return line if offer is None or line.via else replace(line, via=offer.via)


def _check_lines(lines: Sequence[WantedLine]) -> None:
    if not lines:
        raise Invalid(_("There is nothing to buy."), code="nothing_to_buy")
    if len(lines) > MOST_LINES:
        raise Invalid(_("At most 100 different things in one order."), code="cart_full")
    asked = [line.quantity for line in [*lines, *merge(lines)]]
    if not all(1 <= quantity <= MOST_OF_ONE for quantity in asked):
        raise Invalid(fields={"quantity": _("Enter a number from 1 to 99.")}, code="quantity")


def _coupons(
    actor: Actor,
    contact: Contact | None,
    code: str,
    wishes: Wishes,
    kept: Quote | None,
    basket: Basket,
) -> Coupons:
    """Return the coupons to buy with: those that are kept, else the best that may be used."""
    if kept is not None:
        return again(kept.coupons, basket)
    return choose(actor=actor, contact=contact, code=code, off=wishes.coupons_off, basket=basket)


def priced_in(*, actor: Actor, lines: Sequence[WantedLine], currency: str) -> list[WantedLine]:
    """Return those of the lines that have a price in ``currency``.

    One statement, at most two more with offers.
    """
    wanted = merge(lines)
    ids = sorted(line.variant_id for line in wanted)
    found = {variant.pk: variant for variant in priced_variants(ids, clock.now(), actor.id or 0)}
    there = [line for line in wanted if line.variant_id in found]
    offered = _offered(actor, there, found, _offers(lines, found))
    return [line for line in there if currency in offered[line.variant_id]]


def _currencies(
    actor: Actor,
    wanted: Sequence[WantedLine],
    variants: Mapping[int, Variant],
    offers: Mapping[int, Taken],
) -> set[str]:
    """Return the currencies in which every line has a price; Invalid when there is none."""
    offered = _offered(actor, wanted, variants, offers)
    shared = set.intersection(*offered.values())
    if not shared:
        by_currency = {
            currency: [key for key, has in offered.items() if currency in has]
            for currency in sorted(set.union(*offered.values()))
        }
        raise Invalid(
            _("One order has one currency."), code="mixed_currencies", extra={"lines": by_currency}
        )
    return shared


def _offered(
    actor: Actor,
    wanted: Sequence[WantedLine],
    variants: Mapping[int, Variant],
    offers: Mapping[int, Taken],
) -> dict[int, set[str]]:
    """Return the currencies in which each line has a price; a page's own price is the only one."""
    own = _pooled(offers)
    return {
        line.variant_id: {variants[line.variant_id].currency}
        if line.variant_id in own
        else currencies_of(variants[line.variant_id], actor, line.quantity)
        for line in wanted
    }


def _currency(wished: str, offered: set[str], variants: Mapping[int, Variant]) -> str:
    if wished and wished not in offered:
        raise Invalid(
            _("Not everything here has a price in this currency."),
            code="currency_not_offered",
            extra={"currencies": sorted(offered)},
        )
    own = [variant.currency for variant in variants.values() if variant.currency in offered]
    return wished or next(iter(own), min(offered))


def _input(line: WantedLine, variant: Variant, prices: tuple[UnitPrice, ...]) -> LineInput:
    product = variant.product
    return LineInput(
        key=line.variant_id,
        shop_id=product.shop_id,
        unit_amount=prices[-1].amount,
        quantity=line.quantity,
        prices=prices,
        weight_grams=variant.weight_grams,
        tax_class=product.tax_class,
        in_parcel=product.kind in IN_PARCELS,
    )


def _terms(
    inputs: Sequence[LineInput], variants: Mapping[int, Variant], currency: str, wishes: Wishes
) -> tuple[list[ShopTerms], dict[int, Carriage]]:
    """Return each shop's terms, and the carriage of those that send a parcel."""
    sending = {line.shop_id for line in inputs if line.in_parcel}
    some = {variant.product.shop_id: variant for variant in variants.values()}
    terms, carriage = [], {}
    for shop_id, variant in some.items():
        zones = delivery(variant)
        place = wishes.to or Place(variant.product.shop.country)
        method = None
        if shop_id in sending:
            carriage[shop_id] = _carriage(
                zones.methods(place, currency), wishes.methods.get(shop_id)
            )
            method = carriage[shop_id].chosen
        terms.append(ShopTerms(shop_id, method, zones.tax_at(place)))
    return terms, carriage


def _carriage(methods: tuple[Method, ...], wished: int | None) -> Carriage:
    first = next(iter(methods), None)
    if wished is None:
        return Carriage(methods, first)
    chosen = next((method for method in methods if method.id == wished), None)
    return Carriage(methods, chosen or first, unknown=chosen is None)
