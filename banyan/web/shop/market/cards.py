"""Products as the cards that pages draw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.translation import get_language

from banyan.catalog.models import Product, Shop
from banyan.catalog.queries import OnCard, on_cards
from banyan.catalog.rules import text_in
from banyan.media.queries import Files, files_of, thumb_urls
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
    """Return cards for products (with ``shop`` loaded); two statements for any number.

    Their addresses carry on how the reader came: the share code and the touch.
    """
    found = on_cards(products)
    return cards_of(found, files_of(one.cover_id for one in found), via=via, touch=touch)


def cards_of(
    found: Iterable[OnCard], files: Files, *, via: str = "", touch: str = ""
) -> list[ProductCard]:
    """Return cards for products that were read as such; ``files`` are those of their covers."""
    return [
        ProductCard(
            url=product_url(one.product, via=via, touch=touch),
            title=product_title(one.product),
            picture=None if one.product.min_age else files.picture(one.cover_id or 0),
            price=one.price,
            was=one.was,
            sub=one.product.shop.name,
            sold_out=one.free < 1,
        )
        for one in found
    ]
