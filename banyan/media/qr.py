"""QR codes of our own addresses: error level M, quiet zone of four modules."""

from __future__ import annotations

import io
from urllib.parse import quote

import segno

LEVEL = "m"
QUIET = 4
LEAST_SIDE = 240


def _code(text: str) -> segno.QRCode:
    return segno.make(text, error=LEVEL, micro=False, boost_error=False)


def qr_svg(text: str) -> str:
    """Return a black on white ``<svg>`` without style attributes, to be sized by CSS."""
    target = io.BytesIO()
    _code(text).save(
        target, kind="svg", border=QUIET, light="#fff", xmldecl=False, nl=False, omitsize=True,
        svgclass="qr-code", lineclass=None,
    )  # fmt: skip
    return target.getvalue().decode()


def qr_data(text: str) -> str:
    """Return the code as the address of a picture that stands in the page itself."""
    return f"data:image/svg+xml,{quote(qr_svg(text))}"


def qr_png(text: str, size: int = 2 * LEAST_SIDE) -> bytes:
    """Return a PNG with a side of at least ``size`` pixels; every module has whole pixels."""
    code = _code(text)
    modules = code.symbol_size(border=QUIET)[0]
    target = io.BytesIO()
    code.save(target, kind="png", border=QUIET, scale=max(1, -(-size // modules)))
    return target.getvalue()


def qr_within(text: str, size: int) -> bytes:
    """Return a PNG with a side of at most ``size`` pixels, for a frame of that size."""
    code = _code(text)
    modules = code.symbol_size(border=QUIET)[0]
    target = io.BytesIO()
    code.save(target, kind="png", border=QUIET, scale=max(1, size // modules))
    return target.getvalue()
