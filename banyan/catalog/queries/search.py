"""Goods by words and by facets: what was chosen, what there is to choose, in honest counts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.datastructures import MultiValueDict

from banyan.kernel import search
from banyan.kernel.money import Money
from banyan.kernel.search import NO_WORDS, Found

from ..access import visible_products, visible_shops
from ..models import Category, Product, Shop, Variant
from ..rules import KINDS, category_mark, shop_mark
from .categories import below

MOST_TRAITS = 8
# Of a facet at most so many values, and at most so many traits, are offered.
VALUES, TRAITS = 8, 6
LONGEST_VALUE = 60
YES_OR_NO = {True: "yes", False: "no"}


@dataclass(frozen=True, slots=True)
class Chosen:
    """The facets that were chosen. ``traits`` are (name, value) of options and attributes.

    ``low`` and ``high`` are minor units of ``currency``; ``category`` and ``shop`` exist.
    """

    category: Category | None = None
    shop: Shop | None = None
    kind: str = ""
    in_stock: bool = False
    currency: str = ""
    low: int | None = None
    high: int | None = None
    traits: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        """Tell whether anything was chosen."""
        return self != Chosen()


def read_chosen(given: MultiValueDict[str, str], shop: Shop | None = None) -> Chosen:
    """Return what the fields of an address choose; what makes no sense is as if it were not there.

    ``category``, ``from``, ``to`` (in major units) with ``currency``, and any number of ``is``:
    "stock", "kind:CODE", "shop:SLUG", "with:NAME=VALUE". At most one statement for each of
    category and shop.
    """
    parts = [_clean(text).partition(":") for text in given.getlist("is")[:MOST_TRAITS]]
    by_name = {name: value for name, _colon, value in parts}
    slug, place = _clean(given.get("category", "")), by_name.get("shop")
    kind, currency = by_name.get("kind", ""), _clean(given.get("currency", "")).upper()
    traits = [value.partition("=")[::2] for name, _colon, value in parts if name == "with"]
    chosen = Chosen(
        category=Category.objects.filter(slug=slug).first() if slug else None,
        shop=shop or (visible_shops().filter(slug=place).first() if place else None),
        kind=kind if kind in KINDS else "",
        in_stock="stock" in by_name,
        traits=tuple(dict.fromkeys((name, value) for name, value in traits if name and value)),
    )
    low, high = (_amount(_clean(given.get(name, "")), currency) for name in ("from", "to"))
    if low is None and high is None:
        return chosen
    return replace(chosen, currency=currency, low=low, high=high)


def _clean(text: object) -> str:
    return str(text).replace("\0", "").strip()[: 2 * LONGEST_VALUE]


def _amount(text: str, currency: str) -> int | None:
    if not text or len(currency) != 3 or not (currency.isascii() and currency.isalpha()):
        return None
    try:
        amount = Money.parse(text, currency).amount
    except ValueError:
        return None
    return amount if amount >= 0 else None


def chosen_products(chosen: Chosen) -> QuerySet[Product]:
    """Return the goods on sale that fit all that was chosen; one statement, for the tree."""
    rows = visible_products()
    if chosen.category is not None:
        rows = rows.filter(category__in=below(chosen.category))
    if chosen.shop is not None:
        rows = rows.filter(shop=chosen.shop)
    if chosen.kind:
        rows = rows.filter(kind=chosen.kind)
    if chosen.in_stock:
        promised = F("stock__allocated") + F("stock__reserved") + F("stock__held")
        rows = rows.filter(Exists(_variants().filter(stock__on_hand__gt=promised)))
    if chosen.low is not None or chosen.high is not None:
        priced = _variants().filter(currency=chosen.currency)
        if chosen.low is not None:
            priced = priced.filter(price_amount__gte=chosen.low)
        if chosen.high is not None:
            priced = priced.filter(price_amount__lte=chosen.high)
        rows = rows.filter(Exists(priced))
    for name, value in chosen.traits:
        option = Q(options__contains=[name]) & Exists(_variants().filter(values__contains=[value]))
        given = Q(attributes__contains={name: value}) | Q(attributes__contains={name: [value]})
        if value in YES_OR_NO.values():
            given |= Q(attributes__contains={name: value == YES_OR_NO[True]})
        rows = rows.filter(given | option)
    return rows


def _variants() -> QuerySet[Variant]:
    return Variant.objects.filter(product_id=OuterRef("pk"), is_active=True)


def list_products(chosen: Chosen, *, after: str = "") -> Found:
    """Return the goods that fit what was chosen, of highest standing first, behind a place."""
    return search.highest(chosen_products(chosen), "words", narrowed(NO_WORDS, chosen), after=after)


def narrowed(wanted: search.Asked, chosen: Chosen) -> search.Asked:
    """Return what is asked for, with the marks of what was chosen: the index knows those too."""
    categories = below(chosen.category) if chosen.category else []
    return wanted.within(
        [category_mark(pk) for pk in categories], [shop_mark(chosen.shop.pk)] if chosen.shop else []
    )


@dataclass(slots=True)
class Facets:
    """What can be chosen among some goods, most frequent first: (value, count) pairs.

    ``categories`` and ``shops`` are ids; ``traits`` are by name; ``prices`` is (lowest, highest)
    in minor units by currency, most frequent currency first.
    """

    categories: list[tuple[int, int]] = field(default_factory=list)
    shops: list[tuple[int, int]] = field(default_factory=list)
    kinds: list[tuple[str, int]] = field(default_factory=list)
    in_stock: int = 0
    prices: dict[str, tuple[int, int]] = field(default_factory=dict)
    traits: dict[str, list[tuple[str, int]]] = field(default_factory=dict)


_FACTS = """
SELECT p.category_id, p.shop_id, p.kind, p.attributes, p.options, v.values, v.free, v.currency,
       v.low
FROM unnest(%s::bigint[]) AS wanted (id)
JOIN catalog_product p ON p.id = wanted.id
JOIN LATERAL (
  SELECT jsonb_agg(v.values) AS values,
         bool_or(k.on_hand > k.allocated + k.reserved + k.held) AS free,
         min(v.currency) AS currency, min(v.price_amount) AS low
  FROM catalog_variant v JOIN catalog_stock k ON k.variant_id = v.id
  WHERE v.product_id = p.id AND v.is_active) v ON true
"""


def facets_of(ids: Sequence[int]) -> Facets:
    """Return what can be chosen among goods. One statement, none for none."""
    if not ids:
        return Facets()
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, [list(ids)])
        rows = cursor.fetchall()
    categories: Counter[int] = Counter()
    shops: Counter[int] = Counter()
    kinds: Counter[str] = Counter()
    traits: dict[str, Counter[str]] = {}
    lows: dict[str, list[int]] = {}
    in_stock = 0
    for category, shop, kind, attributes, options, values, free, currency, low in rows:
        shops[shop] += 1
        kinds[kind] += 1
        in_stock += bool(free)
        if category is not None:
            categories[category] += 1
        if low is not None:
            lows.setdefault(currency, []).append(low)
        for name, value in _traits_of(_read(attributes), _read(options), _read(values)):
            traits.setdefault(name, Counter())[value] += 1
    return Facets(
        categories=_most(categories, len(categories)),
        shops=_most(shops, VALUES),
        kinds=_most(kinds, len(kinds)),
        in_stock=in_stock,
        prices={
            code: (min(found), max(found))
            for code, found in sorted(lows.items(), key=lambda pair: (-len(pair[1]), pair[0]))
        },
        traits=_offered(traits),
    )


def _read(value: Any) -> Any:
    """Return a JSON column: Django lets the driver hand them over as text."""
    return json.loads(value) if isinstance(value, str) else value


def _traits_of(
    attributes: Mapping[str, Any], options: Sequence[str], values: Sequence[Sequence[str]] | None
) -> set[tuple[str, str]]:
    """Return what a product can be chosen by; each of its variants counts once."""
    found = {
        (name, value)
        for name, given in attributes.items()
        for value in map(_as_text, given if isinstance(given, list) else [given])
        if 0 < len(value) <= LONGEST_VALUE
    }
    for each in values or []:
        found |= {(name, value) for name, value in zip(options, each, strict=False) if value}
    return found


def _as_text(value: Any) -> str:
    """Return how an address names a value; empty where nothing can be chosen by it."""
    if isinstance(value, bool):
        return YES_OR_NO[value]
    return value if isinstance(value, str) else ""


def _most(counted: Counter[Any], most: int) -> list[tuple[Any, int]]:
    return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:most]


def _offered(traits: Mapping[str, Counter[str]]) -> dict[str, list[tuple[str, int]]]:
    """Return the traits that most goods have; what all of them share leaves nothing to choose."""
    telling = {name: counted for name, counted in traits.items() if len(counted) > 1}
    names = sorted(telling, key=lambda name: (-sum(telling[name].values()), name))[:TRAITS]
    return {name: _most(telling[name], VALUES) for name in names}


def products_in_order(ids: Iterable[int]) -> list[Product]:
    """Return goods on sale with their shops, in the order of ``ids``. One statement."""
    ids = list(ids)
    rows = visible_products().select_related("shop").in_bulk(ids)
    return [rows[pk] for pk in ids if pk in rows]


def products_called(text: str, *, most: int) -> list[Product]:
    """Return the best goods for what was typed so far, with their shops."""
    ids, _more = search.page_of(visible_products(), "words", text, size=most)
    return products_in_order(ids)
