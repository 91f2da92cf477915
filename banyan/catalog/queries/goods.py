"""Reads of goods that every visit and every purchase makes; their SQL is remembered."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from banyan.kernel.remembered import remembered

from ..models import ProductImage, ShopStaff, Stock, Variant


@remembered
def pictures_of(product_ids: list[int]) -> QuerySet[ProductImage]:
    """Return the pictures of some products, each product's in order. One statement."""
    return ProductImage.objects.filter(product_id__in=product_ids)


@remembered
def shown_pictures_of(product_ids: list[int]) -> QuerySet[ProductImage]:
    """Return those that pages show which ask nobody's age: as on a card. One statement.

    None of goods with an age limit, nor of what the platform took down.
    """
    shown = ProductImage.objects.filter(product__min_age=None)
    return shown.exclude(product__state="taken_down").filter(product_id__in=product_ids)


@remembered
def staff_of(shop_id: int) -> QuerySet[ShopStaff]:
    """Return who works in a shop. One statement."""
    return ShopStaff.objects.filter(shop_id=shop_id)


@remembered
def stock_of(variant_ids: list[int]) -> QuerySet[Stock]:
    """Return the stock rows of some variants. One statement."""
    return Stock.objects.filter(variant_id__in=variant_ids)


def variants_of(product_ids: Iterable[int]) -> dict[int, list[Variant]]:
    """Return the active variants of products with their stock, in order. One statement."""
    found: dict[int, list[Variant]] = {}
    rows = Variant.objects.filter(product_id__in=set(product_ids), is_active=True)
    for variant in rows.select_related("stock").order_by("position", "id"):
        found.setdefault(variant.product_id, []).append(variant)
    return found


def image_ids_of(product_ids: Iterable[int]) -> dict[int, list[int]]:
    """Return the image ids of products, in order. One statement."""
    found: dict[int, list[int]] = {}
    rows = ProductImage.objects.filter(product_id__in=set(product_ids))
    for product_id, image_id in rows.values_list("product_id", "image_id"):
        found.setdefault(product_id, []).append(image_id)
    return found
