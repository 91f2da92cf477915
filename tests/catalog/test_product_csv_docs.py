"""The reference of the product CSV says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from banyan.catalog.actions import imports, pictures
from banyan.catalog.rules.product_csv import COLUMNS, MOST_BYTES, MOST_ROWS
from banyan.catalog.rules.product_csv.reading import MOST_PICTURES, MOST_VARIANTS

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "product-csv.md"
_ROW = re.compile(r"^\| `([^`]+)` \| `([^`]+)` \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def test_every_column_is_told_as_the_code_reads_it() -> None:
    told = _ROW.findall(REFERENCE.read_text())
    assert [(classic, newer) for classic, newer, _must, _here in told] == [
        (column.classic, column.newer) for column in COLUMNS
    ]
    for (_classic, _newer, must, here), column in zip(told, COLUMNS, strict=True):
        assert (must == "yes") == column.required, column
        assert here.startswith("–") != column.kept, column


def test_the_limits_are_true() -> None:
    text = " ".join(REFERENCE.read_text().split())
    assert f"At most {MOST_BYTES // 1024**2} MB, {MOST_ROWS:,} rows" in text
    assert f"{MOST_VARIANTS} variants and {MOST_PICTURES} pictures a product" in text
    assert f"{pictures.MOST_ZIP_BYTES // 1024**2} MB, {pictures.MOST_ENTRIES:,} files" in text
    assert f"{pictures.MOST_TAKEN} pictures and {pictures.MOST_UNPACKED // 1024**2} MB" in text
    assert f"After {pictures.SECONDS:.0f} seconds" in text
    assert imports.KEPT.days == 2
