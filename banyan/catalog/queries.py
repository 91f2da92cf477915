"""Reads of the catalogue for pages and API, each with a fixed number of statements."""

from __future__ import annotations

from collections.abc import Iterable

from banyan.kernel.models import StateChange

from .models import ProductImage, Shop, Variant
from .states import SHOP


def last_decision(shop: Shop) -> str:
    """Return the reason of the shop's latest move, as its owner may read it. One query."""
    moves = StateChange.objects.filter(machine=SHOP.name, subject_id=shop.pk)
    return moves.order_by("-id").values_list("reason", flat=True).first() or ""


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
