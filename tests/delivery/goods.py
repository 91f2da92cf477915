"""Ready-made products that need no parcel, made by the public actions."""

from __future__ import annotations

import itertools
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from banyan.catalog import actions as catalog
from banyan.catalog.models import Product, Shop, Variant
from banyan.delivery import actions as delivery
from banyan.delivery.actions import TermsInput
from tests.support import factories as make

_count = itertools.count(1)


def product(of: Shop | None, kind: str, terms: TermsInput, **values: Any) -> Product:
    """Return a product on sale with its terms."""
    made = draft(of, kind, terms, **values)
    return publish(made) if terms.way != "file" else made


def draft(of: Shop | None, kind: str, terms: TermsInput, **values: Any) -> Product:
    """Return a product with its terms that is not on sale yet."""
    of = of or make.shop()
    owner = make.actor(of.owner)
    data = catalog.ProductInput(
        title=values.pop("title", f"Thing {next(_count)}"),
        variants=[
            catalog.VariantInput(price=values.pop("price", 1_000), on_hand=values.pop("stock", 5))
        ],
        kind=kind,
        **values,
    )
    made = catalog.create_product(actor=owner, shop_id=of.pk, data=data)
    delivery.set_terms(actor=owner, product_id=made.pk, terms=terms)
    return made


def publish(made: Product) -> Product:
    """Put a product on sale."""
    owner = make.actor(made.shop.owner)
    return catalog.publish_product(actor=owner, product_id=made.pk)


def keyed(*keys: str, of: Shop | None = None, n: int = 0, price: int = 5_000) -> Variant:
    """Return a variant with ``keys`` (or ``n`` new ones) in its pool."""
    made = product(of, "digital", TermsInput(way="keys"), price=price, stock=0)
    variant = made.variants.get()
    given = [*keys, *(f"KEY-{next(_count):06}" for _ in range(n))]
    if given:
        delivery.add_keys(
            actor=make.actor(made.shop.owner), variant_id=variant.pk, text="\n".join(given)
        )
    return variant


def filed(
    content: bytes = b"A song.", *, of: Shop | None = None, price: int = 3_000, downloads: int = 5
) -> Variant:
    """Return a variant that is a file."""
    made = product(of, "digital", TermsInput(way="file", downloads=downloads), price=price, stock=0)
    delivery.put_file(
        actor=make.actor(made.shop.owner),
        product_id=made.pk,
        file=SimpleUploadedFile("song.mp3", content),
    )
    publish(made)
    return made.variants.get()


def voucher(
    *, of: Shop | None = None, price: int = 8_000, stock: int = 10, **terms: Any
) -> Variant:
    """Return a variant that is a haircut."""
    given: dict[str, Any] = {"places": "12 Lake Road", "valid_days": 90} | terms
    made = product(
        of, "voucher", TermsInput(way="voucher", **given), price=price, stock=stock, title="Haircut"
    )
    return made.variants.get()


def shop_of(variant: Variant) -> Shop:
    """Return the variant's shop."""
    return Shop.objects.get(pk=Product.objects.get(pk=variant.product_id).shop_id)


__all__ = ["catalog", "filed", "keyed", "product", "shop_of", "voucher"]
