"""What cards of goods draw, and the first look at a market: each by one statement."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

from django.db.models import F, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Extract, JSONObject

from banyan.kernel.money import Money
from banyan.kernel.remembered import run, spelled

from ..access import visible_products, visible_shops
from ..models import Category, Product, ProductImage, Shop, Stock, Variant
from .categories import offered_categories

MOST_SHOPS = 12


class OnCard(NamedTuple):
    """A product (with ``shop``) as a card draws it: its first picture, its lowest price."""

    product: Product
    cover_id: int | None
    price: Money
    was: Money | None
    free: int


def with_card(products: QuerySet[Product]) -> QuerySet[Product]:
    """Annotate products with what :func:`on_card` asks."""
    pictures = ProductImage.objects.filter(product_id=OuterRef("pk")).order_by("position", "id")
    variants = Variant.objects.filter(product_id=OuterRef("pk"), is_active=True)
    price = JSONObject(amount="price_amount", was="compare_at_amount", currency=F("currency"))
    stock = Stock.objects.filter(variant__product_id=OuterRef("pk"), variant__is_active=True)
    free = Sum(F("on_hand") - F("allocated") - F("reserved") - F("held"))
    return products.annotate(
        cover=Subquery(pictures.values("image_id")[:1]),
        cheapest=Subquery(variants.order_by("price_amount").values(one=price)[:1]),
        free=Subquery(stock.order_by().values("variant__product_id").values(free=free)),
    )


def on_card(product: Product) -> OnCard | None:
    """Return a product of :func:`with_card` as its card draws it; None without a price."""
    return _on_card(product, product.cover, product.cheapest, product.free)  # type: ignore[attr-defined]  # annotated


def on_cards(products: Iterable[Product]) -> list[OnCard]:
    """Return products (with ``shop``) as their cards draw them, in order, those with a price."""
    given = list(products)
    rows: QuerySet[Any] = with_card(Product.objects.filter(pk__in={one.pk for one in given}))
    read = {pk: rest for pk, *rest in rows.values_list("pk", "cover", "cheapest", "free")}
    found = (_on_card(one, *read[one.pk]) for one in given if one.pk in read)
    return [one for one in found if one is not None]


def _on_card(
    product: Product, cover: int | None, cheapest: dict[str, Any] | None, free: int | None
) -> OnCard | None:
    if cheapest is None:
        return None
    currency, was = cheapest["currency"], cheapest["was"]
    return OnCard(
        product,
        cover,
        Money(cheapest["amount"], currency),
        Money(was, currency) if was else None,
        free or 0,
    )


class Front(NamedTuple):
    """The newest goods and shops, and the categories that hold something on sale."""

    goods: list[OnCard]
    shops: list[Shop]
    categories: list[Category]


def front(*, goods: int) -> Front:
    """Return the first look at the market, with ``goods`` products at most. One statement.

    Shops are those of merchants. All have the columns only that cards and chips draw.
    """
    found: dict[str, list[dict[str, Any]]] = {"goods": [], "shop": [], "category": []}
    for what, row in run(_front(goods), {}).fetchall():
        found[what].append(json.loads(row) if isinstance(row, str) else row)
    # A union keeps no order by promise.
    found["goods"].sort(key=lambda row: row["at"] or 0, reverse=True)
    found["shop"].sort(key=lambda row: row["id"], reverse=True)
    found["category"].sort(key=lambda row: (row["position"], row["id"]))
    cards = (_read(row) for row in found["goods"])
    return Front(
        [one for one in cards if one is not None],
        [Shop(**row) for row in found["shop"]],
        [Category(**row) for row in found["category"]],
    )


def _read(row: dict[str, Any]) -> OnCard | None:
    names = ("id", "slug", "title", "texts", "min_age")
    shop = Shop(id=row["shop_id"], slug=row["shop_slug"], name=row["shop_name"])
    product = Product(shop=shop, **{name: row[name] for name in names})
    return _on_card(product, row["cover"], row["cheapest"], row["free"])


@cache
def _front(goods: int) -> str:
    newest = with_card(visible_products()).order_by("-published_at")[:goods]
    shops = visible_shops().filter(kind="merchant").order_by("-id")[:MOST_SHOPS]
    parts = (
        newest.values(
            what=Value("goods"),
            row=_columns(
                "id slug title texts min_age shop_id cover cheapest free",
                shop_slug="shop__slug",
                shop_name="shop__name",
                at=Extract("published_at", "epoch"),
            ),
        ),
        shops.values(what=Value("shop"), row=_columns("id slug name logo_id")),
        offered_categories().values(what=Value("category"), row=_columns("id slug names position")),
    )
    return spelled(parts[0].union(*parts[1:], all=True), {})


def _columns(names: str, **others: Any) -> JSONObject:
    return JSONObject(**{name: name for name in names.split()}, **others)
