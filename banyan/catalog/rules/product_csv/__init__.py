"""The product CSV that Shopify made the field's exchange file: read, written, explained.

Pure: bytes and values in, values and bytes out. ``columns`` names what a file may hold, ``file``
turns bytes into rows with line numbers, ``reading`` rows into products with every fault named,
``writing`` products into rows, ``cells`` and ``prose`` the texts in between.
"""

from .columns import CLASSIC, COLUMNS, Column, Header, read_header
from .faults import FAULTS, Fault, FileRefused
from .file import MOST_BYTES, MOST_ROWS
from .reading import PictureRow, ProductRow, Sheet, VariantRow, read_sheet
from .writing import PictureOut, ProductOut, VariantOut, csv_lines

__all__ = [
    "CLASSIC",
    "COLUMNS",
    "FAULTS",
    "MOST_BYTES",
    "MOST_ROWS",
    "Column",
    "Fault",
    "FileRefused",
    "Header",
    "PictureOut",
    "PictureRow",
    "ProductOut",
    "ProductRow",
    "Sheet",
    "VariantOut",
    "VariantRow",
    "csv_lines",
    "read_header",
    "read_sheet",
]
