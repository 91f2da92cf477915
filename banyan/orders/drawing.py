"""Draws a document from its content: the same bytes each time, in the order's language.

Text is laid out as text and never read as markup. Fonts are those of the machine, see
``banyan.media.fonts``: letters that the one for Chinese lacks are of another, and what is read from
right to left is set so. A document with names that none can draw is refused by name; signs without
a glyph are left out.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from fpdf import FPDF
from fpdf.enums import MethodReturnValue

from banyan.kernel.money import Money, format_money
from banyan.kernel.problems import Conflict
from banyan.media.fonts import FontFile, Typeface, draws, other, typeface

from .righttoleft import as_set, joined, reads_from_the_right

MARGIN = 18.0
WIDTH = 210.0 - 2 * MARGIN
COLUMNS = (46, 10, 16, 14, 14, 16)
FACE, OTHER = "body", "other"


class NoFont(Conflict):
    """This machine has no font for the words of the document."""

    code = "document_font_missing"
    message = gettext_lazy(
        "This server has no font for this document's language. Ask its operator to install one."
    )


def check_drawable(content: Mapping[str, Any], language: str) -> None:
    """Raise NoFont when letters or figures of the content cannot be drawn here.

    What a refund was for is no name: there they are left out.
    """
    face = typeface(language)
    if not face.regular.path and language.startswith("zh"):
        raise NoFont(detail=f"no glyphs for {language}")
    for text in _texts({name: value for name, value in content.items() if name != "note"}):
        for letter in _composed(text):
            if not _draws(face, letter) and _is_needed(face, letter):
                raise NoFont(detail=f"no glyph for {letter!r} of {text[:40]!r}")


def _draws(face: Typeface, letter: str) -> bool:
    if not face.regular.path:
        return ord(letter) < 256
    return draws(face.regular, letter) or bool(other(letter).path)


def _is_needed(face: Typeface, letter: str) -> bool:
    """Tell whether a name would be another one without it: no picture, nor any other sign."""
    return not face.regular.path or unicodedata.category(letter)[0] in "LN"


def _composed(text: str) -> str:
    """Return a text in the letters that are drawn."""
    return joined(unicodedata.normalize("NFC", text))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def draw(content: Mapping[str, Any], language: str) -> bytes:
    """Return the PDF of a document's content. Raises NoFont."""
    check_drawable(content, language)
    with translation.override(language):
        return _Sheet(content, typeface(language), language).bytes()


TITLES = {
    "receipt": gettext_lazy("Receipt"),
    "invoice": gettext_lazy("Invoice"),
    "credit_note": gettext_lazy("Credit note"),
}


class _Sheet:
    """One document on A4 paper."""

    def __init__(self, content: Mapping[str, Any], face: Typeface, language: str) -> None:
        self.content = content
        self.face = face
        self.language = language
        self.pdf = FPDF(format="A4")
        self.pdf.set_creation_date(dt.datetime.fromisoformat(content["issued_at"]))
        self.pdf.set_producer("Banyan")
        self.pdf.set_title(content["number"])
        self.pdf.set_margin(MARGIN)
        self.pdf.set_auto_page_break(auto=True, margin=MARGIN)
        if face.regular.path:
            self._add(FACE, face.regular)
            others = {f"{OTHER}{n}": file for n, file in enumerate(self._others())}
            for name, file in others.items():
                self._add(name, file)
            self.pdf.set_fallback_fonts(list(others))
        self.pdf.add_page()

    def _others(self) -> list[FontFile]:
        """Return the faces of what stands on it and the first one cannot draw."""
        texts = [self._money(0), *_texts(self.content)]
        letters = {letter for text in texts for letter in _composed(text) if not letter.isspace()}
        lacking = (letter for letter in letters if not draws(self.face.regular, letter))
        found = {file for file in map(other, lacking) if file.path}
        return sorted(found, key=lambda file: (file.path, file.index))

    def _add(self, name: str, file: FontFile) -> None:
        self.pdf.add_font(name, "", file.path, collection_font_number=file.index)

    def bytes(self) -> bytes:
        """Draw everything."""
        self._head()
        self._parties()
        self._lines()
        self._sums()
        if self.content["note"]:
            self.pdf.ln(6)
            self._text(self.content["note"])
        return bytes(self.pdf.output())

    def _text(self, text: str, *, size: float = 9, width: float = WIDTH, align: str = "L") -> None:
        self._size(size)
        self.pdf.multi_cell(
            width,
            size * 0.55,
            self._set(text, width),
            align=align,
            new_x="LMARGIN",
            new_y="NEXT",
            markdown=False,
        )

    def _size(self, size: float) -> None:
        self.pdf.set_font(FACE if self.face.regular.path else "helvetica", size=size)

    def _drawable(self, text: str) -> str:
        if not self.face.regular.path:
            return text.encode("latin-1", "replace").decode("latin-1")
        kept = (
            letter if letter.isspace() or _draws(self.face, letter) else " "
            for letter in _composed(text)
        )
        return " ".join("".join(kept).split())

    def _set(self, text: str, width: float) -> str:
        """Return a text as it is drawn; what is read from the right is set line by line."""
        drawn = self._drawable(text)
        if not reads_from_the_right(drawn):
            return drawn
        lines: Any = self.pdf.multi_cell(
            width, 5, drawn, dry_run=True, output=MethodReturnValue.LINES
        )
        self.pdf.current_font_is_set_on_page = False  # the trial says it is, and wrote nothing
        return "\n".join(as_set(line) for line in lines)

    def _money(self, amount: int) -> str:
        money = Money(amount, self.content["currency"])
        text = format_money(money, self.language)
        if all(letter.isspace() or _draws(self.face, letter) for letter in text):
            return text
        return f"{money.currency} {money.decimal}"  # not every sign of a currency can be drawn

    def _head(self) -> None:
        content = self.content
        self._text(str(TITLES[content["kind"]]), size=18)
        rows = [
            (_("Number"), content["number"]),
            (_("Date"), content["date"]),
            (_("Order"), content["order"]),
        ]
        if content["corrects"]:
            rows.append((_("Corrects invoice"), content["corrects"]))
        for label, value in rows:
            self._text(f"{label}: {value}")
        self.pdf.ln(4)

    def _parties(self) -> None:
        seller, buyer = self.content["seller"], self.content["buyer"]
        self._text(_("Sold by"), size=11)
        for text in (seller["name"], seller["address"]):
            self._text(text)
        if seller["tax_id"]:
            label = _("Tax number")
            self._text(f"{label}: {seller['tax_id']}")
        self.pdf.ln(3)
        self._text(_("Sold to"), size=11)
        for text in buyer:
            self._text(text)
        self.pdf.ln(4)

    def _lines(self) -> None:
        self._size(8)
        with self.pdf.table(
            col_widths=COLUMNS,
            text_align=("LEFT", "RIGHT", "RIGHT", "RIGHT", "RIGHT", "RIGHT"),
            width=WIDTH,
            line_height=5,
            first_row_as_headings=False,
            borders_layout="HORIZONTAL_LINES",
        ) as table:
            heads = (_("Goods"), "×", _("Price"), _("Discount"), _("Tax"), _("Total"))
            table.row([self._drawable(head) for head in heads])
            sold_by = _("Sold by")
            for line in self.content["lines"]:
                title, seller = line["title"], line["seller"]
                if seller != self.content["seller"]["name"]:
                    title = f"{title} ({sold_by}: {seller})"
                cells = [title, str(line["quantity"]) if line["quantity"] else ""]
                cells += [
                    self._money(line[name]) if line[name] is not None else ""
                    for name in ("goods", "discount", "tax", "total")
                ]
                cells[0] = self._set(cells[0], WIDTH * COLUMNS[0] / sum(COLUMNS) - 2)
                table.row(cells)

    def _sums(self) -> None:
        self.pdf.ln(3)
        sums = self.content["sums"]
        rows = [
            (_("Goods"), sums["goods"]),
            (_("Discount"), -sums["discount"]),
            (_("Shipping"), sums["shipping"]),
            (_("Tax"), sums["tax"]),
            (_("Total"), sums["total"]),
            (_("Tax included"), sums["included_tax"]),
            (_("Paid back so far"), -sums["refunded"]),
        ]
        for label, amount in rows:
            if amount or label == _("Total"):
                self._text(f"{label}: {self._money(amount)}", align="R")
