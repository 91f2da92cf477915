"""The columns of the exchange file: their classic and newer names, and what they mean here.

``docs/reference/product-csv.md`` says where the names come from; a test keeps the two alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A column: our ``key``, its ``classic`` name, the ``newer`` one, whether a file must have it.

    ``kept`` tells whether the value is read; a column that is not kept is told to the person.
    """

    key: str
    classic: str
    newer: str
    kept: bool = True
    required: bool = False


@dataclass(frozen=True, slots=True)
class Header:
    """The first row: where each kept column stands, under which name, and what is not used."""

    places: dict[str, int]
    names: dict[str, str]
    unused: tuple[str, ...]
    twice: tuple[str, ...]
    missing: tuple[Column, ...]
    width: int


COLUMNS: tuple[Column, ...] = (
    Column("handle", "Handle", "URL handle", required=True),
    Column("title", "Title", "Title", required=True),
    Column("description", "Body (HTML)", "Description"),
    Column("vendor", "Vendor", "Vendor"),
    Column("category", "Product Category", "Product category"),
    Column("type", "Type", "Type"),
    Column("tags", "Tags", "Tags"),
    Column("published", "Published", "Published on online store"),
    Column("option1_name", "Option1 Name", "Option1 name"),
    Column("option1_value", "Option1 Value", "Option1 value"),
    Column("option2_name", "Option2 Name", "Option2 name"),
    Column("option2_value", "Option2 Value", "Option2 value"),
    Column("option3_name", "Option3 Name", "Option3 name"),
    Column("option3_value", "Option3 Value", "Option3 value"),
    Column("sku", "Variant SKU", "SKU"),
    Column("grams", "Variant Grams", "Weight value (grams)"),
    Column("tracker", "Variant Inventory Tracker", "Inventory tracker", kept=False),
    Column("quantity", "Variant Inventory Qty", "Inventory quantity"),
    Column("policy", "Variant Inventory Policy", "Continue selling when out of stock", kept=False),
    Column("fulfilment", "Variant Fulfillment Service", "Fulfillment service", kept=False),
    Column("price", "Variant Price", "Price"),
    Column("compare_at", "Variant Compare At Price", "Compare-at price"),
    Column("shipping", "Variant Requires Shipping", "Requires shipping", kept=False),
    Column("taxable", "Variant Taxable", "Charge tax", kept=False),
    Column("barcode", "Variant Barcode", "Barcode", kept=False),
    Column("picture", "Image Src", "Product image URL"),
    Column("picture_position", "Image Position", "Image position"),
    Column("picture_alt", "Image Alt Text", "Image alt text"),
    Column("gift_card", "Gift Card", "Gift card"),
    Column("seo_title", "SEO Title", "SEO title", kept=False),
    Column("seo_description", "SEO Description", "SEO description", kept=False),
    Column("variant_picture", "Variant Image", "Variant image URL", kept=False),
    Column("weight_unit", "Variant Weight Unit", "Weight unit for display", kept=False),
    Column("tax_code", "Variant Tax Code", "Tax code", kept=False),
    Column("cost", "Cost per item", "Cost per item", kept=False),
    Column("status", "Status", "Status"),
)
CLASSIC = tuple(column.classic for column in COLUMNS)

OPTION_KEYS = tuple((f"option{n}_name", f"option{n}_value") for n in (1, 2, 3))
VARIANT_KEYS = ("option1_value", "option2_value", "option3_value", "sku", "price", "compare_at")
PRODUCT_KEYS = (
    "title",
    "description",
    "vendor",
    "category",
    "type",
    "tags",
    "published",
    "gift_card",
    "status",
    "option1_name",
    "option2_name",
    "option3_name",
)


def plain_name(name: str) -> str:
    """Return a column name without regard to case and blanks."""
    return " ".join(name.split()).casefold()


_BY_NAME = {
    plain_name(name): column for column in COLUMNS for name in (column.classic, column.newer)
}


def read_header(cells: Sequence[str]) -> Header:
    """Return what the first row says; names match in either set, in any order and case."""
    places: dict[str, int] = {}
    names: dict[str, str] = {}
    unused: list[str] = []
    twice: list[str] = []
    for place, cell in enumerate(cells):
        name = " ".join(cell.split())
        column = _BY_NAME.get(plain_name(cell))
        if column is None or not column.kept:
            unused += [name] if name else []
        elif column.key in places:
            twice.append(name)
        else:
            places[column.key] = place
            names[column.key] = name
    missing = tuple(c for c in COLUMNS if c.required and c.key not in places)
    return Header(places, names, tuple(dict.fromkeys(unused)), tuple(twice), missing, len(cells))
