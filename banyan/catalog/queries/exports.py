"""A shop's products as rows of the exchange file, read in pieces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db.models import Prefetch

from banyan.media.queries import pictures

from ..models import Product, ProductImage, Shop, Variant, WantedPicture
from ..rules.product_csv import PictureOut, ProductOut, VariantOut
from .categories import CategoryNames

PIECE = 200


def exported_products(shop: Shop, base_url: str) -> Iterator[ProductOut]:
    """Yield the shop's products in the order of their addresses, whatever their state.

    Six statements for each 200 products. ``base_url`` goes before picture addresses that have no
    host. Variants that are no longer sold are left out.
    """
    categories = CategoryNames()
    active = Variant.objects.filter(is_active=True).select_related("stock")
    rows = Product.objects.filter(shop=shop).select_related("category").order_by("slug")
    rows = rows.prefetch_related(
        Prefetch("variants", queryset=active),
        "images__image",
        Prefetch("wanted_pictures", queryset=WantedPicture.objects.exclude(state="taken")),
    )
    after = ""
    while piece := list(rows.filter(slug__gt=after)[:PIECE]):
        after = piece[-1].slug
        sources = picture_sources((i.image_id for p in piece for i in p.images.all()), base_url)
        for product in piece:
            yield _out(product, categories, sources)


def picture_sources(image_ids: Iterable[int], base_url: str) -> dict[int, str]:
    """Return the address of each picture, as a product file names it."""
    shown = pictures(image_ids, "large")
    return {
        image_id: picture["src"] if "://" in picture["src"] else base_url + picture["src"]
        for image_id, picture in shown.items()
    }


def _out(product: Product, categories: CategoryNames, sources: dict[int, str]) -> ProductOut:
    return ProductOut(
        slug=product.slug,
        title=product.title,
        description=product.description,
        vendor=product.vendor,
        type=categories.name_of(product.category),
        tags=product.tags,
        # What the platform took down is away; a file says nothing else of it.
        state="archived" if product.state == "taken_down" else product.state,
        options=product.options,
        variants=[
            VariantOut(
                values=variant.values,
                price=variant.price_amount,
                compare_at=variant.compare_at_amount,
                sku=variant.sku,
                grams=variant.weight_grams,
                quantity=variant.stock.on_hand,
            )
            for variant in product.variants.all()
        ],
        pictures=_pictures(product, sources),
    )


def _pictures(product: Product, sources: dict[int, str]) -> list[PictureOut]:
    rows: list[ProductImage | WantedPicture] = [
        row for row in product.images.all() if row.image_id in sources
    ]
    rows += product.wanted_pictures.all()
    rows.sort(key=lambda row: row.position)
    return [
        PictureOut(row.source, row.alt)
        if isinstance(row, WantedPicture)
        else PictureOut(sources[row.image_id], row.image.alt)
        for row in rows
    ]
