"""What delivery costs, and which tax is due where. Amounts are minor units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .places import Place, nearest

BASES = ("flat", "weight", "value")
TAX_CLASSES = ("standard", "reduced", "zero")
IN_PARCELS = ("goods", "listing")
"""The kinds of products that somebody has to bring."""


@dataclass(frozen=True, slots=True)
class Method:
    """A way of delivery: see ``models.ShippingMethod`` for ``basis`` and ``bands``."""

    id: int
    name: str
    currency: str
    basis: str
    bands: tuple[tuple[int, int], ...]
    free_from: int | None = None
    days: tuple[int, int] | None = None

    def is_free(self, goods: int) -> bool:
        """Tell whether goods of this value after discounts travel free."""
        return self.free_from is not None and goods >= self.free_from

    def charge(self, *, goods: int, weight: int) -> int:
        """Return what it costs for goods of this value after discounts and weight in grams."""
        if self.is_free(goods):
            return 0
        measure = {"weight": weight, "value": goods}.get(self.basis, 0)
        amount = 0
        for begins, charged in self.bands:
            if measure >= begins:
                amount = charged
        return amount


@dataclass(frozen=True, slots=True)
class TaxTerms:
    """The tax of a place; rates in parts per million. See ``models.TaxZone``."""

    name: str
    standard: int
    reduced: int
    included: bool
    per: str = "line"
    rounding: str = "half_up"

    def rate(self, tax_class: str) -> int:
        """Return the rate of a class of goods."""
        return {"standard": self.standard, "reduced": self.reduced}.get(tax_class, 0)


@dataclass(frozen=True, slots=True)
class Delivery:
    """All of a shop's zones, as its rows have them."""

    shipping: tuple[tuple[tuple[Method, ...], tuple[str, ...]], ...] = ()
    tax: tuple[tuple[TaxTerms, tuple[str, ...]], ...] = ()

    def methods(self, place: Place, currency: str) -> tuple[Method, ...]:
        """Return the ways to a place for an order in ``currency``; none: not delivered there."""
        found = nearest(self.shipping, place) or ()
        return tuple(method for method in found if method.currency == currency)

    def tax_at(self, place: Place) -> TaxTerms | None:
        """Return the tax of a place, None where none is due."""
        return nearest(self.tax, place)


def delivery_of(zones: Sequence[Mapping[str, Any]], taxes: Sequence[Mapping[str, Any]]) -> Delivery:
    """Return the zones of rows as ``queries.priced_variants`` reads them."""
    return Delivery(
        tuple(
            (tuple(method_of(one) for one in zone["methods"] or []), tuple(zone["places"]))
            for zone in zones
        ),
        tuple(
            (
                TaxTerms(
                    name=one["name"],
                    standard=one["standard_rate"],
                    reduced=one["reduced_rate"],
                    included=one["included"],
                    per=one["per"],
                    rounding=one["rounding"],
                ),
                tuple(one["places"]),
            )
            for one in taxes
        ),
    )


def method_of(row: Mapping[str, Any]) -> Method:
    """Return a way of delivery of its row."""
    days = None if row["days_min"] is None else (row["days_min"], row["days_max"])
    return Method(
        id=row["id"],
        name=row["name"],
        currency=row["currency"],
        basis=row["basis"],
        bands=tuple((begins, charged) for begins, charged in row["bands"]),
        free_from=row["free_from"],
        days=days,
    )


def check_bands(bands: Sequence[Sequence[int]], basis: str) -> bool:
    """Tell whether bands begin at 0, rise, and cost no less than nothing."""
    begins = [band[0] for band in bands]
    return (
        bool(bands)
        and len(bands) <= (1 if basis == "flat" else 20)
        and begins[0] == 0
        and begins == sorted(set(begins))
        and all(0 <= charged <= 10**12 and start <= 10**12 for start, charged in bands)
    )
