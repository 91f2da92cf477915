"""What can be wrong with a product file: stable codes, reasons, and what to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from banyan.kernel.problems import Invalid

SHOWN_LENGTH = 60

# code -> (why, what to do)
FAULTS: dict[str, tuple[Any, Any]] = {
    "quotes": (
        _("A quotation mark is not closed, or text follows a closed one."),
        _("Put the cell in quotation marks and write each one inside it twice."),
    ),
    "cell_too_long": (_("The cell is far too long."), _("Shorten it.")),
    "too_many_cells": (
        _("The row has more cells than the first row has names."),
        _("Put a text that contains a comma in quotation marks."),
    ),
    "control_character": (
        _("The cell contains a character that cannot be kept."),
        _("Delete the text and type it again."),
    ),
    "handle_missing": (
        _("The row has no handle, so nobody can tell which product it belongs to."),
        _("Write the handle of the product in every one of its rows."),
    ),
    "handle_too_long": (_("A handle has at most 120 letters."), _("Shorten it.")),
    "title_missing": (
        _("The product has no title."),
        _("Write it in the first row of the product."),
    ),
    "title_too_long": (_("A title has at most 160 letters."), _("Shorten it.")),
    "description_too_long": (_("A description has at most 20,000 letters."), _("Shorten it.")),
    "vendor_too_long": (_("A vendor has at most 80 letters."), _("Shorten it.")),
    "too_many_tags": (_("A product has at most 20 tags."), _("Leave some out.")),
    "tag_too_long": (_("A tag has at most 40 letters."), _("Shorten it.")),
    "not_yes_or_no": (_("This is neither TRUE nor FALSE."), _("Write TRUE or FALSE.")),
    "status_unknown": (_("This status is not known."), _("Write active, draft or archived.")),
    "taken_down": (
        _("The platform has taken this down."),
        _("Write archived, or leave the product out."),
    ),
    "not_for_sale": ("%(why)s", _("Write draft, and put it on sale when that is settled.")),
    "gift_card": (
        _("Gift cards cannot be sold like goods here."),
        _("Remove the rows of this product."),
    ),
    "differs": (
        _("The first row of this product says something else."),
        _("Leave the cell empty, or make the rows alike."),
    ),
    "option_nameless": (
        _("The value belongs to an option without a name."),
        _("Write the option's name in the first row of the product."),
    ),
    "option_gap": (
        _("An option is named after one that is empty."),
        _("Fill the options from the first one on."),
    ),
    "option_twice": (_("Two options have the same name."), _("Give each its own name.")),
    "option_too_long": (_("Names and values have at most 80 letters."), _("Shorten it.")),
    "value_missing": (
        _("The variant has no value for an option of this product."),
        _("Fill the cell in; a row with only a picture has no price and no SKU either."),
    ),
    "variant_twice": (
        _("The product has a variant with these values already."),
        _("Remove the row, or give it other values."),
    ),
    "variant_unclear": (
        _("The product has several variants, and the row does not say which one is meant."),
        _("Add the columns Option1 Name and Option1 Value, or Variant SKU."),
    ),
    "too_many_variants": (_("A product has at most 100 variants."), _("Split the product.")),
    "sku_too_long": (_("An SKU has at most 60 letters."), _("Shorten it.")),
    "sku_twice": (
        _("Another variant of this product has this SKU."),
        _("Give each variant its own."),
    ),
    "price_missing": (_("The variant has no price."), _("Write a price above zero.")),
    "price": (
        _("This is not a price above zero."),
        _("Write digits, and a point before the decimals, without currency or thousands sign."),
    ),
    "price_decimals": (
        _("The shop's currency does not have that many decimals."),
        _("Write %(digits)s decimals at most."),
    ),
    "price_too_high": (_("The price is too high."), _("Check the point and the digits.")),
    "compare_at": (
        _("The former price must be higher than the price."),
        _("Leave it empty, or write the former price."),
    ),
    "quantity": (
        _("This is not a stock figure."),
        _("Write a whole number from 0 to 1,000,000."),
    ),
    "stock_promised": (
        _("%(promised)s of these are already sold or reserved."),
        _("Write at least that number, or import without setting the stock."),
    ),
    "grams": (_("This is not a weight in grams."), _("Write a whole number from 0 to 1,000,000.")),
    "picture_too_long": (_("The picture's address is too long."), _("Use a shorter one.")),
    "picture_position": (
        _("This is not a place among the pictures."),
        _("Write a whole number from 1 on."),
    ),
    "picture_missing": (
        _("The row says something of a picture and names none."),
        _("Fill Image Src in, or leave position and text empty."),
    ),
    "too_many_pictures": (_("A product has at most 12 pictures."), _("Leave some out.")),
    "nothing_in_row": (
        _("The row says nothing about the product."),
        _("Remove the row, or fill it in."),
    ),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong: the 1-based ``line`` of a text editor, the column's own name, the value."""

    line: int
    column: str
    value: str
    code: str
    words: dict[str, str] = field(default_factory=dict, hash=False)

    @property
    def reason(self) -> str:
        """Return why, in the language in force."""
        return str(FAULTS[self.code][0]) % self.words if self.words else str(FAULTS[self.code][0])

    @property
    def advice(self) -> str:
        """Return what to do, in the language in force."""
        return str(FAULTS[self.code][1]) % self.words if self.words else str(FAULTS[self.code][1])

    @property
    def shown(self) -> str:
        """Return the value, short enough for a table."""
        text = " ".join(self.value.split())
        return text if len(text) <= SHOWN_LENGTH else text[: SHOWN_LENGTH - 1] + "…"


class FileRefused(Invalid):
    """The file as a whole cannot be read: its kind, encoding, size or first row. Says what to do.

    Codes: file_empty, file_too_large, file_too_many_rows, file_encoding, file_workbook,
    file_separator, columns_missing, columns_twice.
    """

    code = "file_refused"
