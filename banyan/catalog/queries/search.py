"""Goods by words and by facets: what was chosen, what there is to choose, in honest counts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

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
MOST_OPTIONS = 3
# Of a facet at most so many values, and at most so many traits, are offered.
VALUES, TRAITS = 8, 6
LONGEST_VALUE = 60
YES_OR_NO = {True: "yes", False: "no"}


class _Variant(NamedTuple):
    """A variant as facets see it: ``free`` to be ordered, at ``price`` minor units."""

    traits: frozenset[tuple[str, str]]
    free: bool
    currency: str
    price: int


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
        return self != ANYTHING

    @property
    def ranged(self) -> bool:
        """Tell whether a price was chosen."""
        return self.low is not None or self.high is not None

    def fits(self, variant: _Variant, given: Set[tuple[str, str]]) -> bool:
        """Tell whether a variant has all of it that is not ``given`` by its product.

        The same condition as in :func:`chosen_products`, which a test compares it with.
        """
        if self.in_stock and not variant.free:
            return False
        if self.ranged and variant.currency != self.currency:
            return False
        low, high = self.low or 0, variant.price if self.high is None else self.high
        return low <= variant.price <= high and (given | variant.traits) >= set(self.traits)


ANYTHING = Chosen()


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
    """Return the goods on sale that fit all that was chosen; one statement, for the tree.

    What variants have of it, one and the same variant has: a red one in size M that is in stock.
    """
    rows = visible_products()
    if chosen.category is not None:
        rows = rows.filter(category__in=below(chosen.category))
    if chosen.shop is not None:
        rows = rows.filter(shop=chosen.shop)
    if chosen.kind:
        rows = rows.filter(kind=chosen.kind)
    for name, value in chosen.traits:
        # Seen without a look at variants: most goods have no such option at all.
        rows = rows.filter(Q(options__contains=[name]) | _given(name, value))
    if chosen.in_stock or chosen.ranged:
        return rows.filter(Exists(_fitting(chosen)))
    if chosen.traits:
        # What the products themselves have needs no look at their variants.
        every = [_given(name, value) for name, value in chosen.traits]
        return rows.filter(Q(*every) | Exists(_fitting(chosen)))
    return rows


def _fitting(chosen: Chosen) -> QuerySet[Variant]:
    """Return the variants of an outer product that have all of it that the product has not."""
    rows = Variant.objects.filter(product_id=OuterRef("pk"), is_active=True)
    if chosen.in_stock:
        promised = F("stock__allocated") + F("stock__reserved") + F("stock__held")
        rows = rows.filter(stock__on_hand__gt=promised)
    if chosen.ranged:
        rows = rows.filter(currency=chosen.currency)
    if chosen.low is not None:
        rows = rows.filter(price_amount__gte=chosen.low)
    if chosen.high is not None:
        rows = rows.filter(price_amount__lte=chosen.high)
    for name, value in chosen.traits:
        own = Q()
        for place in range(MOST_OPTIONS):
            own |= Q(**{f"product__options__{place}": name, f"values__{place}": value})
        rows = rows.filter(own | _given(name, value, "product__"))
    return rows


def _given(name: str, value: str, path: str = "") -> Q:
    """Return the condition of products with an attribute; ``path`` leads to them."""
    each: list[Any] = [value, [value]]
    if value in YES_OR_NO.values():
        each.append(value == YES_OR_NO[True])
    given = Q()
    for one in each:
        given |= Q(**{f"{path}attributes__contains": {name: one}})
    return given


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
SELECT p.category_id, p.shop_id, p.kind, p.attributes, p.options,
       (SELECT jsonb_agg(jsonb_build_array(
          v.values, k.on_hand > k.allocated + k.reserved + k.held, v.currency, v.price_amount))
        FROM catalog_variant v JOIN catalog_stock k ON k.variant_id = v.id
        WHERE v.product_id = p.id AND v.is_active)
FROM unnest(%s::bigint[]) AS wanted (id)
JOIN catalog_product p ON p.id = wanted.id
"""


def facets_of(ids: Sequence[int], chosen: Chosen = ANYTHING) -> Facets:
    """Return what can be chosen besides among the goods that fit. One statement, none for none.

    A count is of the goods that would be left: of what variants have, one variant has to have it
    together with all that was chosen.
    """
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
    for category, shop, kind, attributes, options, variants in rows:
        given = _given_traits(_read(attributes))
        options = _read(options)
        every = (_variant(options, each) for each in _read(variants) or [])
        fitting = [each for each in every if chosen.fits(each, given)]
        shops[shop] += 1
        kinds[kind] += 1
        in_stock += any(each.free for each in fitting)
        if category is not None:
            categories[category] += 1
        if fitting:
            currency = min(each.currency for each in fitting)
            lows.setdefault(currency, []).append(min(each.price for each in fitting))
        for name, value in given.union(*(each.traits for each in fitting)):
            if len(value) <= LONGEST_VALUE:
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


def _given_traits(attributes: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return what a product can be chosen by, whichever its variants are."""
    return {
        (name, value)
        for name, given in attributes.items()
        for value in map(_as_text, given if isinstance(given, list) else [given])
        if value
    }


def _variant(options: Sequence[str], facts: Sequence[Any]) -> _Variant:
    values, free, currency, price = facts
    return _Variant(frozenset(zip(options, values, strict=False)), free, currency, price)


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
