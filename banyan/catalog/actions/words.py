"""The search words of products; written wherever a product's texts are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from banyan.kernel import search

from ..models import Product, ProductWords

PIECE = 500


def index_products(products: Sequence[Product]) -> None:
    """Write the search words of ``products``, inside the caller's transaction. Repeatable."""
    for place in range(0, len(products), PIECE):
        piece = products[place : place + PIECE]
        search.write(ProductWords, "product_id", {p.pk: list(_texts(p)) for p in piece})


def reindex_products() -> int:
    """Write the search words of every product anew, piece by piece. Returns how many."""
    count, after = 0, 0
    while piece := list(Product.objects.filter(pk__gt=after).order_by("pk")[:PIECE]):
        index_products(piece)
        count, after = count + len(piece), piece[-1].pk
    return count


def _texts(product: Product) -> Iterator[tuple[str, str]]:
    """Yield (weight, text): titles count most, then tags and vendor, then descriptions."""
    yield "A", product.title
    yield "B", " ".join([product.vendor, *map(str, product.tags)])
    yield "C", product.description
    for texts in product.texts.values():
        yield "A", texts.get("title", "")
        yield "C", texts.get("description", "")
