"""Alipay's way of writing numbers, moments and references, and back. No network, no settings."""

from __future__ import annotations

import datetime as dt
import re

from banyan.kernel.money import Money

from ...rules import Reference

CURRENCY = "CNY"
LARGEST = Money(100_000_000_00, CURRENCY)
BEIJING = dt.timezone(dt.timedelta(hours=8), "UTC+8")
_FORM = "%Y-%m-%d %H:%M:%S"
# Not allowed in a subject, or what would tear a line of the bill.
_UNFIT = re.compile(r"[/=&,\"'<>\\\x00-\x1f\x7f]+")


def beijing_text(moment: dt.datetime) -> str:
    """Return a moment as Alipay writes it: Beijing time, whole seconds."""
    return moment.astimezone(BEIJING).strftime(_FORM)


def moment_of(text: str) -> dt.datetime:
    """Read such a moment (UTC); some have a fraction of a second. ValueError if it is none."""
    whole = text.strip().partition(".")[0]
    return dt.datetime.strptime(whole, _FORM).replace(tzinfo=BEIJING).astimezone(dt.UTC)


def amount_text(money: Money) -> str:
    """Return an amount in yuan with two decimals."""
    return f"{money.decimal:.2f}"


def number_of(reference: str) -> str:
    """Return our reference as Alipay's order number: letters, digits and ``_`` only."""
    return reference.replace("-", "_")


def reference_of(number: str) -> str:
    """Return our reference for an order number; a number that is not ours comes back as it is."""
    ours = number.replace("_", "-")
    return ours if "-" not in number and Reference.parse(ours) else number


def subject_of(text: str) -> str:
    """Return a title that Alipay takes: at most 256 characters, none of the refused ones."""
    return " ".join(_UNFIT.sub(" ", text).split())[:256] or "-"
