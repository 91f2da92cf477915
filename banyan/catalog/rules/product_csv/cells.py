"""Single cells: formula protection, prices, whole numbers, yes and no."""

from __future__ import annotations

import re
from decimal import Decimal

from banyan.kernel.money import minor_digits

LARGEST_PRICE = 10**11
LARGEST_COUNT = 1_000_000

# A spreadsheet would run a cell that begins like this.
_DANGEROUS = re.compile(r"^'*[=+\-@\t\r\n]")
_PROTECTED = re.compile(r"^'+[=+\-@\t\r\n]")
_PRICE = re.compile(r"^\d{1,12}(?:\.(\d{1,12}))?$", re.ASCII)
_WHOLE = re.compile(r"^\d{1,9}$", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def protect(text: str) -> str:
    """Return ``text`` so that no spreadsheet takes it for a formula; ``unprotect`` undoes it."""
    return f"'{text}" if _DANGEROUS.match(text) else text


def unprotect(text: str) -> str:
    """Return what :func:`protect` was given."""
    return text[1:] if _PROTECTED.match(text) else text


def has_control(text: str) -> bool:
    """Tell whether a text holds control characters other than tab and line ends."""
    return bool(_CONTROL.search(text))


def price_text(amount: int, currency: str) -> str:
    """Return minor units as a figure with the currency's own decimals ("12.50", "1200")."""
    return format(Decimal(amount).scaleb(-minor_digits(currency)), "f")


def read_price(text: str, currency: str) -> int | str:
    """Return minor units, or the code of the fault."""
    found = _PRICE.match(text)
    if found is None:
        return "price"
    digits = minor_digits(currency)
    if len(found.group(1) or "") > digits:
        return "price_decimals"
    amount = int(Decimal(text).scaleb(digits))
    return amount if amount <= LARGEST_PRICE else "price_too_high"


def read_count(text: str) -> int | None:
    """Return a whole number from 0 to 1,000,000, or None."""
    if not _WHOLE.match(text):
        return None
    number = int(text)
    return number if number <= LARGEST_COUNT else None


def read_flag(text: str) -> bool | None:
    """Return TRUE or FALSE in any case, or None."""
    return {"true": True, "false": False}.get(text.casefold())
