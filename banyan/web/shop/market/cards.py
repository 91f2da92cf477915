"""Products as the cards that pages draw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import get_language

from banyan.catalog.models import Product, ProductImage, Shop, Variant
from banyan.catalog.rules import text_in
from banyan.kernel.money import Money
from banyan.media.queries import pictures, thumb_urls
from banyan.web.ui import addresses
from banyan.web.ui.shapes import Face, ProductCard


def product_title(product: Product) -> str:
    """Return the title in the reader's language."""
    return text_in(product.texts, get_language() or "en", "title", product.title)


def product_url(product: Product, *, via: str = "", touch: str = "") -> str:
    """Return the product page's path, carrying the share code on."""
    url = addresses.url("product", product.shop.slug, product.slug)
    if via:
        url += f"?via={via}" + (f"&t={touch}" if touch else "")
    return url


def shop_faces(shops: Iterable[Shop], small: Mapping[int, str] | None = None) -> list[Face]:
    """Return shops as names with their logos; ``small`` are thumbnails that were read already.

    One statement without ``small``; none where no shop has a logo.
    """
    shops = list(shops)
    if small is None:
        small = thumb_urls(shop.logo_id for shop in shops)
    return [
        Face(
            name=shop.name,
            url=addresses.url("shop", shop.slug),
            picture_url=small.get(shop.logo_id or 0, ""),
        )
        for shop in shops
    ]


def product_cards(
    products: Iterable[Product], *, via: str = "", touch: str = ""
) -> list[ProductCard]:
    """Return cards for products (with ``shop`` loaded); three statements for any number.

    Their addresses carry on how the reader came: the share code and the touch.
    """
    products = list(products)
    ids = [product.pk for product in products]
    first: dict[int, int] = {}
    for product_id, image_id in ProductImage.objects.filter(product_id__in=ids).values_list(
        "product_id", "image_id"
    ):
        first.setdefault(product_id, image_id)
    shown = pictures(list(first.values()))
    cheapest: dict[int, Variant] = {}
    free: dict[int, int] = {}
    for variant in (
        Variant.objects.filter(product_id__in=ids, is_active=True)
        .select_related("stock")
        .order_by("price_amount")
    ):
        cheapest.setdefault(variant.product_id, variant)
        free[variant.product_id] = free.get(variant.product_id, 0) + variant.stock.free
    return [
        _card(
            product,
            cheapest[product.pk],
            shown.get(first.get(product.pk, 0)),
            free,
            product_url(product, via=via, touch=touch),
        )
        for product in products
        if product.pk in cheapest
    ]


def _card(
    product: Product, variant: Variant, picture: Any, free: dict[int, int], url: str
) -> ProductCard:
    was = variant.compare_at_amount
    return ProductCard(
        url=url,
        title=product_title(product),
        picture=None if product.min_age else picture,
        price=Money(variant.price_amount, variant.currency),
        was=Money(was, variant.currency) if was else None,
        sub=product.shop.name,
        sold_out=free.get(product.pk, 0) < 1,
    )
