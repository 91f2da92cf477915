"""What goods can be narrowed down by: links that add to the address, and links that take away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from banyan.catalog.models import Attribute, Category, Shop
from banyan.catalog.queries import Chosen, Facets, name_in
from banyan.catalog.rules import named_in
from banyan.kernel.money import Money

# What an address may carry on; anything else of it is dropped.
KEPT = ("q", "kind", "exact", "category", "is", "currency", "from", "to", "via", "t")
PRICE = ("currency", "from", "to")


@dataclass(frozen=True, slots=True)
class Link:
    """A way to choose one thing, or to take it back."""

    text: str
    url: str
    count: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Values of one facet."""

    name: str
    links: list[Link]


@dataclass(slots=True)
class Panel:
    """Everything about facets of a page. ``fields`` are hidden fields of the price form."""

    chosen: list[Link] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    currencies: list[str] = field(default_factory=list)
    low: str = ""
    high: str = ""
    fields: list[tuple[str, str]] = field(default_factory=list)
    bound: str = ""

    def __bool__(self) -> bool:
        """Tell whether there is anything to choose or to take back."""
        return bool(self.chosen or self.groups or self.currencies)


def kind_name(kind: str) -> str:
    """Return how a kind of goods is called."""
    return {
        "goods": _("Sent by post"),
        "voucher": _("Voucher, used on site"),
        "digital": _("Digital"),
        "listing": _("Second-hand"),
    }.get(kind, kind)


def panel(
    given: QueryDict, chosen: Chosen, facets: Facets, *, bound: str = "", place: Shop | None = None
) -> Panel:
    """Return the links of a page with the fields ``given``. At most three statements, for names.

    ``bound`` says of how many goods the counts are, where there are more; ``place`` is the shop
    that the whole page belongs to.
    """
    kept = [(name, value) for name in KEPT for value in given.getlist(name)[:8] if value]
    words = _words(chosen, facets)
    return Panel(
        chosen=_taken(kept, chosen, place, words),
        groups=[group for group in _groups(kept, chosen, facets, place, words) if group.links],
        currencies=list(facets.prices),
        low=_major(chosen.low, chosen.currency),
        high=_major(chosen.high, chosen.currency),
        fields=[pair for pair in kept if pair[0] not in PRICE],
        bound=bound,
    )


class Words:
    """How typed attributes and their values are called; what shops typed stays as it is."""

    def __init__(self, rows: Iterable[Attribute]) -> None:
        self.language = get_language() or "en"
        self.rows = {row.code: row for row in rows}

    def name(self, code: str) -> str:
        """Return how an attribute is called."""
        row = self.rows.get(code)
        return named_in(row.names, self.language) if row else code

    def value(self, code: str, value: str) -> str:
        """Return how one of its values is called."""
        row = self.rows.get(code)
        if row is None:
            return value
        if row.kind == "yesno":
            return {"yes": _("Yes"), "no": _("No")}.get(value, value)
        names = next((one["names"] for one in row.choices if one["code"] == value), None)
        return named_in(names, self.language) if names else f"{value} {row.unit}".strip()


def _words(chosen: Chosen, facets: Facets) -> Words:
    codes = {name for name, _value in chosen.traits} | set(facets.traits)
    return Words(Attribute.objects.filter(code__in=sorted(codes)) if codes else ())


def _major(amount: int | None, currency: str) -> str:
    return "" if amount is None else f"{Money(amount, currency).decimal:f}"


def _with(kept: list[tuple[str, str]], name: str, value: str) -> str:
    others = [pair for pair in kept if pair[0] != name or name == "is"]
    return "?" + urlencode([*others, (name, value)])


def _without(kept: list[tuple[str, str]], *names: str, value: str = "") -> str:
    left = [p for p in kept if p[0] not in names or (value and p[1] != value)]
    return "?" + urlencode(left)


def _taken(
    kept: list[tuple[str, str]], chosen: Chosen, place: Shop | None, words: Words
) -> list[Link]:
    found: list[Link] = []
    if chosen.category is not None:
        name = name_in(chosen.category, get_language() or "en")
        found.append(Link(name, _without(kept, "category")))
    if chosen.shop is not None and place is None:
        given = f"shop:{chosen.shop.slug}"
        found.append(Link(chosen.shop.name, _without(kept, "is", value=given)))
    if chosen.kind:
        found.append(
            Link(kind_name(chosen.kind), _without(kept, "is", value=f"kind:{chosen.kind}"))
        )
    if chosen.in_stock:
        found.append(Link(_("In stock"), _without(kept, "is", value="stock")))
    for name, value in chosen.traits:
        given = f"with:{name}={value}"
        text = f"{words.name(name)}: {words.value(name, value)}"
        found.append(Link(text, _without(kept, "is", value=given)))
    if chosen.low is not None or chosen.high is not None:
        low, high = _major(chosen.low, chosen.currency), _major(chosen.high, chosen.currency)
        text = f"{chosen.currency} {low or 0} – {high or '…'}"
        found.append(Link(text, _without(kept, *PRICE)))
    return found


def _groups(
    kept: list[tuple[str, str]],
    chosen: Chosen,
    facets: Facets,
    place: Shop | None,
    words: Words,
) -> list[Group]:
    language = get_language() or "en"
    categories = Category.objects.in_bulk([pk for pk, _count in facets.categories])
    shops: Mapping[int, Shop] = {}
    if place is None and chosen.shop is None and len(facets.shops) > 1:
        shops = Shop.objects.in_bulk([pk for pk, _count in facets.shops])
    groups = [
        Group(
            _("Category"),
            [
                Link(name_in(each, language), _with(kept, "category", each.slug), str(count))
                for pk, count in facets.categories
                if (each := categories.get(pk)) is not None and each != chosen.category
            ],
        ),
        Group(
            _("Shop"),
            [
                Link(shops[pk].name, _with(kept, "is", f"shop:{shops[pk].slug}"), str(count))
                for pk, count in facets.shops
                if pk in shops
            ],
        ),
        Group(_("Kind"), _kinds(kept, chosen, facets)),
    ]
    if facets.in_stock and not chosen.in_stock:
        link = Link(_("In stock"), _with(kept, "is", "stock"), str(facets.in_stock))
        groups.append(Group(_("Stock"), [link]))
    taken = set(chosen.traits)
    for name, values in facets.traits.items():
        links = [
            Link(words.value(name, value), _with(kept, "is", f"with:{name}={value}"), str(count))
            for value, count in values
            if (name, value) not in taken
        ]
        groups.append(Group(words.name(name), links))
    return groups


def _kinds(kept: list[tuple[str, str]], chosen: Chosen, facets: Facets) -> list[Link]:
    if chosen.kind or len(facets.kinds) < 2:
        return []
    return [
        Link(kind_name(kind), _with(kept, "is", f"kind:{kind}"), str(count))
        for kind, count in facets.kinds
    ]


def more_url(given: QueryDict, after: str, **changed: Any) -> str:
    """Return the address of the next page; empty without one."""
    if not after:
        return ""
    kept = [
        (name, value)
        for name in KEPT
        if name not in changed
        for value in given.getlist(name)[:8]
        if value
    ]
    return "?" + urlencode([*kept, *changed.items(), ("after", after)])
