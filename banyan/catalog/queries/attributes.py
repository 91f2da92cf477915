"""Typed attributes: which a category's goods have, and what a product says by them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from ..models import Attribute, Category, Product
from ..rules import Definition
from .categories import above

MOST_COUNTED = 2_000


@dataclass(frozen=True, slots=True)
class Told:
    """An attribute of a product: ``value`` as kept, ``choice`` the chosen one's names."""

    attribute: Attribute
    value: Any
    choice: dict[str, str] | None = None


def definition_of(row: Attribute) -> Definition:
    """Return what a value of an attribute has to fit."""
    codes = tuple(choice["code"] for choice in row.choices)
    return Definition(row.code, row.kind, codes, row.is_required)


def attributes_of(category: Category | None) -> list[Attribute]:
    """Return the attributes of a category's goods, those of the categories above it included.

    One statement, and one per category above.
    """
    places = above(category) if category is not None else []
    rows = Attribute.objects.filter(Q(category=None) | Q(category_id__in=places))
    return list(rows.order_by("position", "id"))


def told_of(product: Product) -> list[Told]:
    """Return what a product says by its attributes, in their order; no query where it has none."""
    if not product.attributes:
        return []
    rows = Attribute.objects.filter(code__in=list(product.attributes))
    found = []
    for row in rows.order_by("position", "id"):
        value = product.attributes[row.code]
        names = {choice["code"]: choice["names"] for choice in row.choices}
        if row.kind != "choice" or value in names:
            found.append(Told(row, value, names.get(value) if row.kind == "choice" else None))
    return found


@dataclass(frozen=True, slots=True)
class Trait:
    """A value that goods can be narrowed down to, and how many have it."""

    attribute: Attribute
    value: Any
    count: int


def traits_of(rows: QuerySet[Product]) -> list[Trait]:
    """Return the filterable choices and yes-noes of some goods. Two statements.

    Counted among the first 2,000 of them; the names of choices are the attribute's.
    """
    attributes = Attribute.objects.filter(is_filterable=True, kind__in=["choice", "yesno"])
    wanted = list(attributes.order_by("position", "id"))
    if not wanted:
        return []
    told = list(rows.order_by().values_list("attributes", flat=True)[:MOST_COUNTED])
    found = []
    for row in wanted:
        counts = Counter(each[row.code] for each in told if row.code in each)
        known = [True, False] if row.kind == "yesno" else [one["code"] for one in row.choices]
        found += [Trait(row, value, counts[value]) for value in known if counts[value]]
    return found
