"""Rows to products: every row is looked at, every fault is named, nothing is guessed."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from banyan.kernel.money import minor_digits

from ..goods import slugify
from . import cells, prose
from .columns import OPTION_KEYS, PRODUCT_KEYS, VARIANT_KEYS, Header, read_header
from .faults import Fault, FileRefused
from .file import LONGEST_CELL, MOST_COLUMNS, MOST_ROWS, Record, decoded, records

MOST_VARIANTS = 100
MOST_PICTURES = 12
LONGEST_SOURCE = 2000
NO_OPTION = ("title", "default title")
_SLUG = re.compile(r"^[a-z0-9]+(?:-+[a-z0-9]+)*-*$")
_STATUSES = {"active", "draft", "archived"}


@dataclass(slots=True)
class VariantRow:
    """One variant of the file. ``values`` None: the file has no options to tell it by.

    ``given`` holds what the file says: price and compare_at in minor units, sku, grams, quantity.
    """

    line: int
    values: tuple[str, ...] | None
    given: dict[str, Any]


@dataclass(slots=True)
class PictureRow:
    """A picture of the file: an address or a file name, its place and its description."""

    line: int
    source: str
    position: int
    alt: str


@dataclass(slots=True)
class ProductRow:
    """One product of the file. ``given`` holds title, description, vendor, tags, state, type,
    category, as far as the file has these columns; ``options`` None leaves the options alone."""

    line: int
    handle: str
    slug: str
    given: dict[str, Any] = field(default_factory=dict)
    options: tuple[str, ...] | None = None
    variants: list[VariantRow] = field(default_factory=list)
    pictures: list[PictureRow] = field(default_factory=list)
    written: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Sheet:
    """What a file says, and everything that is wrong with it."""

    header: Header
    products: list[ProductRow]
    faults: list[Fault]
    rows: int

    def fault(self, line: int, key: str, value: str, code: str, **words: str) -> None:
        """Add a fault under the name that the file gives the column ``key``."""
        name = self.header.names.get(key, "")
        self.faults.append(Fault(line, name, value, code, words))


def slug_of(handle: str) -> str:
    """Return the address that stands for a handle: itself, or one made of it, always the same."""
    if len(handle) <= 120 and _SLUG.match(handle):
        return handle
    digest = hashlib.sha256(handle.encode()).hexdigest()[:8]
    return f"{slugify(handle, fallback='p')}-{digest}"


def read_sheet(data: bytes, currency: str) -> Sheet:
    """Return the products of a file, priced in ``currency``.

    Raises FileRefused when the file as a whole cannot be read; what is wrong with single rows is
    in ``faults``, in the order of the lines.
    """
    faults: list[Fault] = []
    rows = records(decoded(data), faults)
    first = next(rows, None)
    if first is None:
        raise FileRefused(_("The first row cannot be read."), code="columns_missing")
    sheet = Sheet(_header(first), [], faults, 0)
    reader = _Reader(sheet, currency)
    for record in rows:
        sheet.rows += 1
        if sheet.rows > MOST_ROWS:
            raise FileRefused(
                _("The file has more than 10,000 rows. Split it into several files."),
                code="file_too_many_rows",
            )
        reader.row(record)
    reader.close()
    if not sheet.rows and not faults:
        raise FileRefused(_("The file has no row below the first one."), code="file_empty")
    sheet.faults.sort(key=lambda fault: fault.line)
    return sheet


def _header(first: Record) -> Header:
    header = read_header([cells.unprotect(cell) for cell in first.cells[:MOST_COLUMNS]])
    if header.missing:
        names = ", ".join(
            c.classic if c.classic == c.newer else f"{c.classic} ({c.newer})"
            for c in header.missing
        )
        raise FileRefused(
            _("The first row lacks these columns: %(names)s. Add them and try again.")
            % {"names": names},
            code="columns_missing",
            extra={"columns": [c.classic for c in header.missing]},
        )
    if header.twice:
        raise FileRefused(
            _("These columns stand in the first row twice: %(names)s. Keep one of each.")
            % {"names": ", ".join(header.twice)},
            code="columns_twice",
        )
    return header


class _Reader:
    """Collects rows by handle; ``close`` looks at each product as a whole."""

    def __init__(self, sheet: Sheet, currency: str) -> None:
        self.sheet = sheet
        self.currency = currency
        self.by_slug: dict[str, ProductRow] = {}

    def row(self, record: Record) -> None:
        sheet, line = self.sheet, record.line
        given = self._cells(record)
        if given is None:
            return
        handle = given["handle"]
        if not handle or len(handle) > 120:
            code = "handle_too_long" if handle else "handle_missing"
            sheet.fault(line, "handle", handle, code)
            return
        product = self._product(line, handle, given)
        said = [self._variant(product, line, given), self._picture(product, line, given)]
        repeated = any(given.get(key) for key in PRODUCT_KEYS)
        if product.line != line and not any(said) and not repeated:
            sheet.fault(line, "handle", handle, "nothing_in_row")

    def _cells(self, record: Record) -> dict[str, str] | None:
        """Return the kept cells by key, unprotected and trimmed; None for a row beyond use."""
        sheet = self.sheet
        beyond = "".join(record.cells[sheet.header.width :]).strip()
        if beyond:
            sheet.fault(record.line, "", beyond, "too_many_cells")
            return None
        found: dict[str, str] = {}
        for key, place in sheet.header.places.items():
            cell = record.cells[place] if place < len(record.cells) else ""
            text = cells.unprotect(cell).strip()
            if len(text) > LONGEST_CELL:
                sheet.fault(record.line, key, text, "cell_too_long")
                text = ""
            elif key != "description" and cells.has_control(text):
                sheet.fault(record.line, key, text, "control_character")
                text = ""
            found[key] = text
        return found

    def _product(self, line: int, handle: str, given: dict[str, str]) -> ProductRow:
        """Return the product of a row; its first row says what the product is."""
        slug = slug_of(handle.lower())
        known = self.by_slug.get(slug)
        if known is None:
            known = ProductRow(line=line, handle=handle, slug=slug)
            self.by_slug[slug] = known
            self.sheet.products.append(known)
            known.written = {key: given.get(key, "") for key in PRODUCT_KEYS}
            self._describe(known, given)
            return known
        for key in PRODUCT_KEYS:
            text = given.get(key, "")
            if text and text != known.written[key]:
                self.sheet.fault(line, key, text, "differs")
        return known

    def _describe(self, product: ProductRow, given: dict[str, str]) -> None:
        line, fault = product.line, self.sheet.fault
        title = given["title"]
        if not title:
            fault(line, "title", "", "title_missing")
        elif len(title) > 160:
            fault(line, "title", title, "title_too_long")
        said: dict[str, Any] = {"title": title}
        if "description" in given:
            said["description"] = prose.to_text(given["description"])
            if len(said["description"]) > 20_000:
                fault(line, "description", given["description"], "description_too_long")
        if "vendor" in given:
            said["vendor"] = given["vendor"]
            if len(given["vendor"]) > 80:
                fault(line, "vendor", given["vendor"], "vendor_too_long")
        if "tags" in given:
            said["tags"] = self._tags(line, given["tags"])
        said |= {key: given[key] for key in ("type", "category") if key in given}
        if given.get("gift_card") and cells.read_flag(given["gift_card"]) is not False:
            fault(line, "gift_card", given["gift_card"], "gift_card")
        state = self._state(line, given)
        if state:
            said["state"] = state
        product.given = said
        product.options = self._options(line, given)

    def _tags(self, line: int, text: str) -> list[str]:
        tags = list(dict.fromkeys(tag.strip() for tag in text.split(",") if tag.strip()))
        if len(tags) > 20:
            self.sheet.fault(line, "tags", text, "too_many_tags")
        for tag in tags:
            if len(tag) > 40:
                self.sheet.fault(line, "tags", tag, "tag_too_long")
        return tags

    def _state(self, line: int, given: dict[str, str]) -> str:
        """Return the wanted state, or an empty string when the file does not say."""
        status, published = given.get("status", ""), given.get("published", "")
        shown = cells.read_flag(published) if published else None
        if published and shown is None:
            self.sheet.fault(line, "published", published, "not_yes_or_no")
        wanted = status.lower()
        if wanted and wanted not in _STATUSES:
            self.sheet.fault(line, "status", status, "status_unknown")
            return ""
        if wanted == "active" and shown is False:
            return "draft"
        if wanted or shown is None:
            return wanted
        return "active" if shown else "draft"

    def _options(self, line: int, given: dict[str, str]) -> tuple[str, ...] | None:
        if "option1_name" not in given and "option1_value" not in given:
            return None
        names = [given.get(name, "") for name, _value in OPTION_KEYS]
        first = (names[0].casefold(), given.get("option1_value", "").casefold())
        if not any(names[1:]) and first == NO_OPTION:
            return ()
        used = [name for name in names if name]
        if names[: len(used)] != used:
            self.sheet.fault(line, "option1_name", ", ".join(used), "option_gap")
        if len({name.casefold() for name in used}) != len(used):
            self.sheet.fault(line, "option2_name", ", ".join(used), "option_twice")
        for (key, _value), name in zip(OPTION_KEYS, names, strict=True):
            if len(name) > 80:
                self.sheet.fault(line, key, name, "option_too_long")
        if not used and not any(given.get(key) for key in VARIANT_KEYS):
            return None
        return tuple(used)

    def _variant(self, product: ProductRow, line: int, given: dict[str, str]) -> bool:
        """Add the row's variant; tell whether it has one."""
        if not any(given.get(key) for key in VARIANT_KEYS):
            return False
        values = self._values(product, line, given)
        said: dict[str, Any] = {}
        if "sku" in given:
            said["sku"] = given["sku"]
            if len(given["sku"]) > 60:
                self.sheet.fault(line, "sku", given["sku"], "sku_too_long")
        said |= self._prices(line, given)
        said |= self._counts(line, given)
        product.variants.append(VariantRow(line, values, said))
        return True

    def _values(
        self, product: ProductRow, line: int, given: dict[str, str]
    ) -> tuple[str, ...] | None:
        texts = [given.get(value, "") for _name, value in OPTION_KEYS]
        if product.options is None:
            if any(texts):
                self.sheet.fault(line, "option1_value", texts[0], "option_nameless")
            return None
        if product.options == ():
            told = [text for text in texts if text.casefold() != NO_OPTION[1]]
            if any(told):
                self.sheet.fault(line, "option1_value", next(filter(None, told)), "option_nameless")
            return ()
        count = len(product.options)
        for number, text in enumerate(texts):
            key = OPTION_KEYS[number][1]
            if number < count and not text:
                self.sheet.fault(line, key, "", "value_missing")
            elif number >= count and text:
                self.sheet.fault(line, key, text, "option_nameless")
            elif len(text) > 80:
                self.sheet.fault(line, key, text, "option_too_long")
        return tuple(texts[:count])

    def _prices(self, line: int, given: dict[str, str]) -> dict[str, Any]:
        said: dict[str, Any] = {}
        if "price" in given:
            said["price"] = self._price(line, "price", given["price"])
            if not given["price"]:
                self.sheet.fault(line, "price", "", "price_missing")
            elif said["price"] == 0:
                self.sheet.fault(line, "price", given["price"], "price")
        if "compare_at" in given:
            # Exports write 0.00 where there is no former price.
            former = self._price(line, "compare_at", given["compare_at"])
            said["compare_at"] = former or None
            if former and said.get("price") and former <= said["price"]:
                self.sheet.fault(line, "compare_at", given["compare_at"], "compare_at")
        return said

    def _price(self, line: int, key: str, text: str) -> int | None:
        if not text:
            return None
        amount = cells.read_price(text, self.currency)
        if isinstance(amount, int):
            return amount
        words = {"digits": str(minor_digits(self.currency))} if amount == "price_decimals" else {}
        self.sheet.fault(line, key, text, amount, **words)
        return None

    def _counts(self, line: int, given: dict[str, str]) -> dict[str, int]:
        """Return grams and quantity; an empty quantity says nothing, empty grams say none."""
        said: dict[str, int] = {}
        for key in ("grams", "quantity"):
            text = given.get(key)
            if text is None or (not text and key == "quantity"):
                continue
            number = cells.read_count(text) if text else 0
            if number is None:
                self.sheet.fault(line, key, text, key)
            else:
                said[key] = number
        return said

    def _picture(self, product: ProductRow, line: int, given: dict[str, str]) -> bool:
        source, place = given.get("picture", ""), given.get("picture_position", "")
        alt = given.get("picture_alt", "")
        if not source:
            if place or alt:
                self.sheet.fault(line, "picture", alt or place, "picture_missing")
            return bool(place or alt)
        if len(source) > LONGEST_SOURCE:
            self.sheet.fault(line, "picture", source, "picture_too_long")
        position = cells.read_count(place) if place else len(product.pictures) + 1
        if not position:
            self.sheet.fault(line, "picture_position", place, "picture_position")
        full = len(product.pictures) > MOST_PICTURES
        if not full and all(picture.source != source for picture in product.pictures):
            product.pictures.append(PictureRow(line, source, position or 1, alt[:300]))
        return True

    def close(self) -> None:
        """Look at each product as a whole."""
        for product in self.sheet.products:
            self._check(product)
            product.pictures.sort(key=lambda picture: (picture.position, picture.line))

    def _check(self, product: ProductRow) -> None:
        fault = self.sheet.fault
        if len(product.variants) > MOST_VARIANTS:
            line = product.variants[MOST_VARIANTS].line
            fault(line, "handle", product.handle, "too_many_variants")
        if len(product.pictures) > MOST_PICTURES:
            extra = product.pictures[MOST_PICTURES]
            fault(extra.line, "picture", extra.source, "too_many_pictures")
        values: set[Any] = set()
        skus: set[str] = set()
        for variant in product.variants:
            sku = variant.given.get("sku", "")
            if variant.values is not None:
                if variant.values in values:
                    text = " / ".join(variant.values)
                    fault(variant.line, "option1_value", text, "variant_twice")
                values.add(variant.values)
            if sku and sku in skus:
                fault(variant.line, "sku", sku, "sku_twice")
            skus.add(sku)
