"""Pure rules: voucher codes, file names, pasted keys, when a voucher is good."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import re
import secrets
import unicodedata
from dataclasses import dataclass

# 31 letters, a prime: a weighted sum finds every wrong letter and every two that changed places.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 17  # 84 bits, and one letter to check them
GROUP = 6
LONGEST_NAME = 120
LONGEST_KEY = 500
MOST_KEYS = 5_000
_LINES = re.compile(r"\r\n|\r|\n")


def new_voucher_code() -> str:
    """Return an unguessable code of 84 bits with its check letter, without groups."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return body + check_letter(body)


def check_letter(body: str) -> str:
    """Return the letter that makes typing mistakes visible."""
    total = sum(place * ALPHABET.index(letter) for place, letter in enumerate(body, start=1))
    return ALPHABET[total % len(ALPHABET)]


def read_code(text: str) -> str | None:
    """Return the code of what was typed, pasted or scanned (a link to it too); None if mistyped."""
    last = text.strip().split("?")[0].rstrip("/").rpartition("/")[2]
    code = "".join(c for c in last.upper() if c.isalnum())
    if len(code) != LENGTH + 1 or any(c not in ALPHABET for c in code):
        return None
    return code if check_letter(code[:-1]) == code[-1] else None


def grouped(code: str) -> str:
    """Return a code in groups that can be read out: ABC234-..."""
    return "-".join(code[at : at + GROUP] for at in range(0, len(code), GROUP))


def digest_of(code: str) -> str:
    """Return what we look a code up by; it does not tell the code."""
    return hashlib.sha256(code.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Validity:
    """When a voucher of a product is good: from, until, and for how many days."""

    starts_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None
    days: int | None = None

    def window(self, bought_at: dt.datetime) -> tuple[dt.datetime, dt.datetime | None]:
        """Return the window of a voucher bought then: half-open, without end where none is set."""
        start = max(bought_at, self.starts_at or bought_at)
        ends = [end for end in (self.ends_at,) if end]
        if self.days is not None:
            ends.append(start + dt.timedelta(days=self.days))
        return start, min(ends) if ends else None


def refusal(
    *, state: str, valid_from: dt.datetime, valid_until: dt.datetime | None, at: dt.datetime
) -> str:
    """Return the code of the reason why a voucher cannot be redeemed at a moment; empty if it can.

    An expired one is judged by the window alone: a scan of before its end may come late.
    """
    if state == "redeemed":
        return "voucher_redeemed"
    if state == "refunded":
        return "voucher_refunded"
    if at < valid_from:
        return "voucher_early"
    if valid_until is not None and at >= valid_until:
        return "voucher_expired"
    return ""


def units_refunded(*, quantity: int, paid: int, refunded: int) -> int:
    """Return how many whole units a refunded amount of a line stands for."""
    return quantity if paid == 0 else min(quantity, refunded * quantity // paid)


def clean_name(name: str) -> str:
    """Return a file's name without folders, control characters and quotes; ending kept."""
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(
        c for c in unicodedata.normalize("NFC", last) if c.isprintable() and c not in '"<>|:*?%;'
    )
    kept = " ".join(kept.split()).strip(". ") or "file"
    stem, dot, ending = kept.rpartition(".")
    if not dot or len(ending) > 12:
        return kept[:LONGEST_NAME]
    return f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}"


def pasted_keys(text: str) -> tuple[list[tuple[int, str]], list[int]]:
    """Return the keys of pasted lines, or of a CSV file's first column, each with its line.

    Second are the lines that cannot be read. Each is read by itself: a quotation mark that nobody
    closed would make one key of all that follow it.
    """
    found, unread = [], []
    for line, written in enumerate(_LINES.split(text.lstrip("\ufeff")), start=1):
        try:
            row = next(csv.reader([written], strict=True), [])
        except csv.Error:
            unread.append(line)
            continue
        key = " ".join(row[0].split()) if row else ""
        if key:
            found.append((line, key))
    return found, unread


def first_name(display_name: str) -> str:
    """Return how a colleague is called in front of customers."""
    return display_name.split()[0] if display_name.split() else ""
