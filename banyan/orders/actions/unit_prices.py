"""What one unit costs: a list of sources in a fixed order, each of which may name another price.

A new kind of price (a storefront's offer, a running sale) is one more function in ``SOURCES``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from banyan.catalog.models import Variant
from banyan.catalog.queries import listed
from banyan.catalog.rules import Listed, cheapest, rows_for
from banyan.entitlements.rights import HeldPrice, cheapest_held
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.sales.queries import SalePrice
from banyan.storefronts.queries import Taken

from ..reading import rights_of
from ..rules import RIGHT, UnitPrice, WantedLine


@dataclass(frozen=True, slots=True)
class Asking:
    """What prices are asked for: each variant once, with what ``priced_variants`` has read.

    ``offers`` are the storefront offers that variants were taken from, ``sales`` the prices that
    the actor has in sales, ``rights`` those that are their own, cheapest first, by variant.
    """

    actor: Actor
    lines: Sequence[WantedLine]
    variants: Mapping[int, Variant]
    currency: str
    at: dt.datetime
    offers: Mapping[int, Taken] = field(default_factory=dict)
    sales: Mapping[int, SalePrice] = field(default_factory=dict)
    rights: Mapping[int, Sequence[HeldPrice]] = field(default_factory=dict)


Said = Mapping[int, tuple[UnitPrice, ...]]
"""What the sources before have said of each variant; the last one of them holds so far."""
Source = Callable[[Asking, Said], Mapping[int, UnitPrice]]


def list_prices(asking: Asking, said: Said) -> dict[int, UnitPrice]:
    """Return the variants' own prices, where they are in this currency."""
    return {
        key: UnitPrice(variant.price_amount, "list")
        for key, variant in asking.variants.items()
        if variant.currency == asking.currency
    }


def price_lists(asking: Asking, said: Said) -> dict[int, UnitPrice]:
    """Return the cheapest price of the lists; a list never makes dearer."""
    found = {}
    for line in asking.lines:
        variant = asking.variants[line.variant_id]
        row = cheapest(rows_of(variant, asking.actor, line.quantity), asking.currency)
        own = variant.price_amount if variant.currency == asking.currency else None
        if row is not None and (own is None or row.amount < own):
            found[variant.pk] = UnitPrice(row.amount, "price_list", row.list_name)
    return found


def offer_prices(asking: Asking, said: Said) -> dict[int, UnitPrice]:
    """Return a storefront's own prices of pooled goods; they may be above the shop's."""
    return {
        key: UnitPrice(
            offer.amount,
            "offer",
            offer.title,
            funded_by="sharer",
            supply_amount=offer.supply_amount,
            storefront_id=offer.storefront_id,
        )
        for key, offer in asking.offers.items()
        if offer.amount is not None and asking.variants[key].currency == asking.currency
    }


def running_sales(asking: Asking, said: Said) -> dict[int, UnitPrice]:
    """Return the prices of sales, for lines of no more units than one may have; never dearer.

    Where lines share what one person may have of a sale, those that save most come first. Whoever
    has a lower price, by a list or of their own, takes the sale's units for that, where too few are
    free besides.
    """
    saving: dict[int, int] = {}
    for line in asking.lines:
        variant, sale = asking.variants[line.variant_id], asking.sales.get(line.variant_id)
        if sale is None or variant.currency != asking.currency:
            continue
        less = said[variant.pk][-1].amount - sale.amount
        if less < 0 and variant.stock.free >= line.quantity:
            continue
        if not _has_better_right(asking, line, _amount_in(sale, said[variant.pk])):
            saving[variant.pk] = max(0, less) * line.quantity
    found = {}
    rooms: dict[int, int] = {}
    for line in sorted(asking.lines, key=lambda one: -saving.get(one.variant_id, 0)):
        if line.variant_id not in saving:
            continue
        sale = asking.sales[line.variant_id]
        sale = replace(sale, room=rooms.get(sale.sale_id, sale.room))
        if line.quantity <= sale.most:
            amount = _amount_in(sale, said[line.variant_id])
            found[line.variant_id] = UnitPrice(amount, "sale", sale.title, sale_id=sale.sale_id)
            rooms[sale.sale_id] = sale.room - max(0, line.quantity - sale.rights)
    return found


def _amount_in(sale: SalePrice, before: Sequence[UnitPrice]) -> int:
    return min(sale.amount, before[-1].amount)


def _has_better_right(asking: Asking, line: WantedLine, amount: int) -> bool:
    """Tell whether a price of the actor's own stands in the place of a sale's; its unit is free."""
    right = cheapest_held(asking.rights.get(line.variant_id, ()), asking.currency, line.quantity)
    return right is not None and right.amount <= amount and _has_units(asking, line, right)


def _has_units(asking: Asking, line: WantedLine, right: HeldPrice) -> bool:
    """Tell whether there are units for a line at a price of the actor's own outside of any sale."""
    return right.keeps or asking.variants[line.variant_id].stock.free >= line.quantity


def held_rights(asking: Asking, said: Said) -> dict[int, UnitPrice]:
    """Return the actor's own prices that cover all units of a line; they never make dearer.

    At the same price the line is bought by it all the same: it says for which campaign. Where it
    has no units but a sale's, it is for these.
    """
    found = {}
    for line in asking.lines:
        rights = asking.rights.get(line.variant_id, ())
        right = cheapest_held(rights, asking.currency, line.quantity)
        if right is not None and right.amount <= said[line.variant_id][-1].amount:
            before = said[line.variant_id][-1]
            found[line.variant_id] = UnitPrice(
                right.amount,
                RIGHT,
                right.title,
                right.funded_by,
                sale_id=None if _has_units(asking, line, right) else before.sale_id,
                right_id=right.right_id,
            )
    return found


SOURCES: tuple[Source, ...] = (list_prices, price_lists, offer_prices, running_sales, held_rights)
"""Each overrules those before it. Whatever is added is added where its turn is."""


def unit_prices(asking: Asking) -> dict[int, tuple[UnitPrice, ...]]:
    """Return what the sources say of each variant, in their order; the last one holds.

    A page's own price is the last word on a pooled line, whatever sale is on at the shop. What
    overrules a sale's price stands in its place: the line takes none of its units, unless it is for
    these.
    """
    found: dict[int, tuple[UnitPrice, ...]] = {}
    for source in SOURCES:
        for key, price in source(asking, found).items():
            before = found.get(key, ())
            if before and before[-1].supply_amount is not None:
                continue  # out of a page's own price its supplier is promised a part
            kept = (one for one in before if one.sale_id in {None, price.sale_id})
            found[key] = (*kept, price)
    return found


def shown_prices(
    actor: Actor, variants: Sequence[Variant], sales: Mapping[int, SalePrice]
) -> dict[int, Money]:
    """Return what one of each would cost the actor now, in its own currency.

    The variants are those of ``reading.shown_goods``; ``sales`` are the prices that the actor has
    in sales (``sales.queries``).
    """
    rights = {variant.pk: rights_of(variant) for variant in variants}
    shown: dict[int, Money] = {}
    for currency in {variant.currency for variant in variants}:
        mine = {variant.pk: variant for variant in variants if variant.currency == currency}
        lines = [WantedLine(key) for key in mine]
        asking = Asking(actor, lines, mine, currency, clock.now(), sales=sales, rights=rights)
        shown |= {
            key: Money(found[-1].amount, currency) for key, found in unit_prices(asking).items()
        }
    return shown


def own_price(variant: Variant, shown: Money) -> HeldPrice | None:
    """Return the right of a reader that the price they are shown comes from, if it does."""
    right = cheapest_held(rights_of(variant), shown.currency, 1)
    return right if right is not None and right.amount == shown.amount else None


def rows_of(variant: Variant, actor: Actor, quantity: int) -> list[Listed]:
    """Return the list prices that hold for the actor and the quantity."""
    return rows_for(listed(variant), member=actor.id is not None, quantity=quantity)


def currencies_of(variant: Variant, actor: Actor, quantity: int) -> set[str]:
    """Return the currencies in which so many of a variant have a price."""
    return {variant.currency, *(row.currency for row in rows_of(variant, actor, quantity))}
