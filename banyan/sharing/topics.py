"""Whose open pages a share concerns: its tree's, and the shop's whose goods were shared."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import QuerySet

from banyan.catalog.models import Product
from banyan.kernel import topics
from banyan.kernel.remembered import remembered

from .events import LinkShared, SharingTouched, SharingVisited


def register() -> None:
    """Called when the application starts."""
    for event in (LinkShared, SharingTouched, SharingVisited):
        topics.announce(event, _of_share)


def _of_share(event: LinkShared | SharingTouched | SharingVisited) -> Iterator[str]:
    yield f"tree:{event.root_id}"
    if event.target_kind == "shop":
        yield f"shop:{event.target_id}"
    elif event.target_kind == "product":
        product = _product.first(event.target_id)
        if product is not None:
            yield f"shop:{product.shop_id}"


@remembered
def _product(product_id: int) -> QuerySet[Product]:
    return Product.objects.only("id", "shop_id").filter(pk=product_id)
