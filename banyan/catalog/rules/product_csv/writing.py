"""Products to rows of the classic column set, ready for a spreadsheet and for reading back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from . import cells, prose
from .columns import CLASSIC, COLUMNS, OPTION_KEYS


@dataclass(frozen=True, slots=True)
class VariantOut:
    """A variant as it stands; amounts in minor units, ``quantity`` what lies on the shelf."""

    values: Sequence[str]
    price: int
    compare_at: int | None
    sku: str
    grams: int
    quantity: int


@dataclass(frozen=True, slots=True)
class PictureOut:
    """A picture: the address (or name) to find it by, and its description."""

    source: str
    alt: str = ""


@dataclass(frozen=True, slots=True)
class ProductOut:
    """A product as it stands; ``state`` is active, draft or archived."""

    slug: str
    title: str
    description: str
    vendor: str
    type: str
    tags: Sequence[str]
    state: str
    options: Sequence[str]
    variants: Sequence[VariantOut]
    pictures: Sequence[PictureOut] = field(default_factory=tuple)


def csv_lines(products: Iterable[ProductOut], currency: str) -> Iterator[str]:
    """Yield the file piece by piece: UTF-8 text with a byte order mark, CRLF, one header.

    A product has a row for each variant, and more where it has more pictures than variants.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")

    def flushed() -> str:
        text = buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        return text

    writer.writerow(CLASSIC)
    yield "\ufeff" + flushed()
    for product in products:
        for row in _rows(product, currency):
            writer.writerow([cells.protect(row.get(column.key, "")) for column in COLUMNS])
        yield flushed()


def _rows(product: ProductOut, currency: str) -> Iterator[dict[str, str]]:
    pairs = zip_longest(product.variants, enumerate(product.pictures, start=1))
    for number, (variant, picture) in enumerate(pairs):
        row = {"handle": product.slug}
        if number == 0:
            row |= _head(product)
        if variant is not None:
            row |= _variant(product, variant, currency)
        if picture is not None:
            place, shown = picture
            row |= {
                "picture": shown.source,
                "picture_position": str(place),
                "picture_alt": shown.alt,
            }
        yield row


def _head(product: ProductOut) -> dict[str, str]:
    options = list(product.options) or ["Title"]
    return {
        "title": product.title,
        "description": prose.to_html(product.description),
        "vendor": product.vendor,
        "type": product.type,
        # A comma would make two tags of one.
        "tags": ", ".join(tag.replace(",", "，") for tag in product.tags),
        "published": "TRUE" if product.state == "active" else "FALSE",
        "gift_card": "FALSE",
        "status": product.state,
    } | {name: option for (name, _value), option in zip(OPTION_KEYS, options, strict=False)}


def _variant(product: ProductOut, variant: VariantOut, currency: str) -> dict[str, str]:
    values = list(variant.values) if product.options else ["Default Title"]
    former = variant.compare_at
    return {
        "sku": variant.sku,
        "grams": str(variant.grams),
        "tracker": "shopify",
        "quantity": str(variant.quantity),
        "policy": "deny",
        "fulfilment": "manual",
        "price": cells.price_text(variant.price, currency),
        "compare_at": "" if former is None else cells.price_text(former, currency),
        "shipping": "TRUE",
        "taxable": "TRUE",
        "weight_unit": "g",
    } | {value: text for (_name, value), text in zip(OPTION_KEYS, values, strict=False)}
