"""What one unit costs: a list of sources in a fixed order, each of which may name another price.

A new kind of price (a storefront's offer, a running sale) is one more function in ``SOURCES``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from banyan.catalog.models import Variant
from banyan.catalog.queries import listed
from banyan.catalog.rules import Listed, cheapest, rows_for
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money

from ..rules import UnitPrice, WantedLine


@dataclass(frozen=True, slots=True)
class Asking:
    """What prices are asked for: each variant once, with what ``priced_variants`` has read."""

    actor: Actor
    lines: Sequence[WantedLine]
    variants: Mapping[int, Variant]
    currency: str
    at: dt.datetime


Source = Callable[[Asking], Mapping[int, UnitPrice]]


def list_prices(asking: Asking) -> dict[int, UnitPrice]:
    """Return the variants' own prices, where they are in this currency."""
    return {
        key: UnitPrice(variant.price_amount, "list")
        for key, variant in asking.variants.items()
        if variant.currency == asking.currency
    }


def price_lists(asking: Asking) -> dict[int, UnitPrice]:
    """Return the cheapest price of the lists; a list never makes dearer."""
    found = {}
    for line in asking.lines:
        variant = asking.variants[line.variant_id]
        row = cheapest(rows_of(variant, asking.actor, line.quantity), asking.currency)
        own = variant.price_amount if variant.currency == asking.currency else None
        if row is not None and (own is None or row.amount < own):
            found[variant.pk] = UnitPrice(row.amount, "price_list", row.list_name)
    return found


SOURCES: tuple[Source, ...] = (list_prices, price_lists)
"""Each overrules those before it. Whatever is added is added where its turn is."""


def unit_prices(asking: Asking) -> dict[int, tuple[UnitPrice, ...]]:
    """Return what the sources say of each variant, in their order; the last one holds."""
    found: dict[int, tuple[UnitPrice, ...]] = {}
    for source in SOURCES:
        for key, price in source(asking).items():
            found[key] = (*found.get(key, ()), price)
    return found


def shown_prices(actor: Actor, variants: Sequence[Variant]) -> dict[int, Money]:
    """Return what one of each would cost the actor now, in its own currency."""
    shown = {}
    for currency in {variant.currency for variant in variants}:
        mine = {variant.pk: variant for variant in variants if variant.currency == currency}
        lines = [WantedLine(key) for key in mine]
        asking = Asking(actor, lines, mine, currency, clock.now())
        shown |= {
            key: Money(found[-1].amount, currency) for key, found in unit_prices(asking).items()
        }
    return shown


def rows_of(variant: Variant, actor: Actor, quantity: int) -> list[Listed]:
    """Return the list prices that hold for the actor and the quantity."""
    return rows_for(listed(variant), member=actor.id is not None, quantity=quantity)


def currencies_of(variant: Variant, actor: Actor, quantity: int) -> set[str]:
    """Return the currencies in which so many of a variant have a price."""
    return {variant.currency, *(row.currency for row in rows_of(variant, actor, quantity))}
