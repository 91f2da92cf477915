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
    of = of or make.shop()
    made = make.product(of, kind=kind, **values)
    delivery.set_terms(actor=make.actor(of.owner), product_id=made.pk, terms=terms)
    return made


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
