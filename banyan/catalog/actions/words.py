"""The search words of goods and shops; written wherever their texts are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db import connection

from banyan.kernel import clock, search

from ..access import visible_products, visible_shops
from ..models import Product, ProductWords, Shop, ShopWords
from ..rules import category_mark, scrubbed, shop_mark

PIECE = 500
# A day's log of what was not found is no place to fill: so many different words, then no more.
MOST_EMPTY_A_DAY = 2_000
EMPTY_KEPT_DAYS = 90

# Each doubling of the units that left the shop lifts a product by a month, ten at most.
_LIFT = """
UPDATE catalog_productwords w SET boost = s.boost
FROM (SELECT v.product_id, 30 * least(10, floor(log(2, greatest(1, 1 - sum(m.on_hand)))))::int
        AS boost
      FROM catalog_stockmovement m
      JOIN catalog_stock k ON k.id = m.stock_id
      JOIN catalog_variant v ON v.id = k.variant_id
      WHERE m.kind IN ('ship', 'return') GROUP BY v.product_id) s
WHERE s.product_id = w.product_id AND s.boost <> w.boost
"""


def index_products(products: Sequence[Product]) -> None:
    """Write the search words of ``products``, inside the caller's transaction. Repeatable."""
    for place in range(0, len(products), PIECE):
        piece = products[place : place + PIECE]
        search.write(ProductWords, "product_id", {p.pk: list(_texts(p)) for p in piece})


def index_shops(shops: Sequence[Shop]) -> None:
    """Write the search words of ``shops``, inside the caller's transaction. Repeatable."""
    texts = {s.pk: [("A", s.name), ("B", s.slug), ("C", s.about)] for s in shops}
    search.write(ShopWords, "shop_id", texts)


def reindex_products() -> int:
    """Write the search words of every product anew, piece by piece. Returns how many."""
    count, after = 0, 0
    while piece := list(Product.objects.filter(pk__gt=after).order_by("pk")[:PIECE]):
        index_products(piece)
        count, after = count + len(piece), piece[-1].pk
    return count


def reindex_shops() -> int:
    """Write the search words of every shop anew, piece by piece. Returns how many."""
    count, after = 0, 0
    while piece := list(Shop.objects.filter(pk__gt=after).order_by("pk")[:PIECE]):
        index_shops(piece)
        count, after = count + len(piece), piece[-1].pk
    return count


def count_words() -> int:
    """Count the words of goods on sale and of open shops (``search.count``). Repeatable."""
    return search.count(visible_products(), "words") + search.count(visible_shops(), "words")


def lift_sold() -> int:
    """Let goods stand higher by what was sold of them; returns how many moved. Repeatable."""
    with connection.cursor() as cursor:
        cursor.execute(_LIFT)
        return int(cursor.rowcount)


def note_empty_search(text: str) -> bool:
    """Count a search that found nothing, by day and words, without anything about a person.

    Tells whether it was counted: not what may name somebody, nor more than MOST_EMPTY_A_DAY
    different words. Outside any other transaction.
    """
    words = scrubbed(text)
    if not words:
        return False
    day = clock.now().date()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO catalog_emptysearch AS e (day, words, times)"
            " SELECT %(day)s::date, %(words)s::varchar, 1"
            " WHERE (SELECT count(*) FROM catalog_emptysearch WHERE day = %(day)s::date) < %(most)s"
            "    OR EXISTS (SELECT 1 FROM catalog_emptysearch"
            "               WHERE day = %(day)s::date AND words = %(words)s::varchar)"
            " ON CONFLICT (day, words) DO UPDATE SET times = e.times + 1",
            {"day": day, "words": words, "most": MOST_EMPTY_A_DAY},
        )
        return bool(cursor.rowcount)


def forget_empty_searches() -> int:
    """Drop what is older than EMPTY_KEPT_DAYS; returns how many. Repeatable."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM catalog_emptysearch WHERE day < %s::date - %s",
            [clock.now().date(), EMPTY_KEPT_DAYS],
        )
        return int(cursor.rowcount)


def _texts(product: Product) -> Iterator[tuple[str, str]]:
    """Yield (weight, text): titles count most, then tags and vendor, then descriptions.

    Shop and category are marks, for searches that are narrowed down.
    """
    yield "A", product.title
    yield "B", " ".join([product.vendor, *map(str, product.tags)])
    yield "C", product.description
    yield "=", shop_mark(product.shop_id)
    if product.category_id is not None:
        yield "=", category_mark(product.category_id)
    for texts in product.texts.values():
        yield "A", texts.get("title", "")
        yield "C", texts.get("description", "")
