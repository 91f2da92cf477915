"""What people type into the studio's forms, read exactly; every wrong field is named at once."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from banyan.kernel import clock
from banyan.kernel.digits import whole
from banyan.kernel.money import Money, no_amount
from banyan.kernel.problems import Invalid

LARGEST = 10**12


def moment_text(moment: dt.datetime | None, timezone: str) -> str:
    """Return a time as a form shows it, in the shop's time zone; empty without one."""
    if moment is None:
        return ""
    return f"{moment.astimezone(zoneinfo.ZoneInfo(timezone)):%Y-%m-%dT%H:%M}"


class Typed:
    """Reads fields of a form; ``check`` raises Invalid with all that could not be read."""

    def __init__(self, data: Mapping[str, Any], currency: str = "") -> None:
        self.data = data
        self.currency = currency
        self.errors: dict[str, Any] = {}
        self._checked = False

    def text(self, name: str) -> str:
        """Return the trimmed text of a field."""
        return str(self.data.get(name, "")).strip()

    def amount(self, name: str) -> int | None:
        """Return an amount in minor units; None when the field is empty."""
        text = self.text(name)
        if not text:
            return None
        try:
            amount = Money.parse(text, self.currency).amount
        except (ValueError, ArithmeticError):
            amount = LARGEST + 1
        if abs(amount) > LARGEST:
            self._wrong(name, no_amount(self.currency))
            return None
        return amount

    def rate(self, name: str) -> int | None:
        """Return a percentage in basis points ("12.5" is 1250); None when the field is empty."""
        text = self.text(name).removesuffix("%").strip()
        if not text:
            return None
        try:
            value = Decimal(text.replace(",", ".")) * 100
        except ArithmeticError:
            value = Decimal("NaN")
        if not value.is_finite() or value != value.to_integral_value() or abs(value) > 10**6:
            self._wrong(name, _("Enter a percentage with at most two decimals."))
            return None
        return int(value)

    def millionths(self, name: str) -> int | None:
        """Return a percentage in parts per million ("8.875" is 88750); None when it is empty."""
        text = self.text(name).removesuffix("%").strip()
        if not text:
            return None
        try:
            value = Decimal(text.replace(",", ".")) * 10_000
        except ArithmeticError:
            value = Decimal("NaN")
        if not value.is_finite() or value != value.to_integral_value() or abs(value) > 10**7:
            self._wrong(name, _("Enter a percentage with at most four decimals."))
            return None
        return int(value)

    def bands(self, name: str, *, money: bool) -> list[tuple[int, int]]:
        """Return lines such as "1000: 5.50": from so many grams, or from so much ``money``, on."""
        found = []
        for line in filter(None, map(str.strip, self.text(name).splitlines())):
            begins, colon, amount = line.rpartition(":")
            try:
                charged = Money.parse(amount, self.currency).amount
                start = Money.parse(begins or "0", self.currency).amount if money else None
            except (ValueError, ArithmeticError):
                charged, start = -1, None
            if start is None:
                start = whole(begins.strip() if colon else "0", most=LARGEST)
            if start is None or charged < 0 or start < 0:
                self._wrong(name, _("Write each band as 1000: 5.50, one in a line."))
                return []
            found.append((start, charged))
        return found

    def whole(self, name: str) -> int | None:
        """Return a whole number, not negative; None when the field is empty."""
        text = self.text(name)
        if not text:
            return None
        number = whole(text, most=999_999_999)
        if number is None:
            self._wrong(name, _("Enter a whole number."))
        return number

    def row_id(self, name: str) -> int | None:
        """Return the id of a chosen row, 0 for what cannot be one; None when none is chosen."""
        text = self.text(name)
        if not text:
            return None
        return whole(text) or 0

    def row_ids(self, name: str) -> list[int]:
        """Return the ids of the rows that were chosen, 0 for what cannot be one."""
        chosen = self.data.getlist(name) if isinstance(self.data, QueryDict) else ()
        return [whole(one) or 0 for one in chosen]

    def moment(
        self, name: str, timezone: str, kept: dt.datetime | None = None
    ) -> dt.datetime | None:
        """Return a time typed in the shop's time zone (UTC); None when the field is empty.

        ``kept`` is what the form was drawn with: untouched it stays to the second, which the form
        does not show, and on its side of an hour that the clock runs through twice.
        """
        text = self.text(name)
        if not text:
            return None
        if kept is not None and text == moment_text(kept, timezone):
            return kept
        try:
            local = dt.datetime.fromisoformat(text).replace(tzinfo=zoneinfo.ZoneInfo(timezone))
            # Two of one zone would be compared by what its clock shows, over an hour it skips, too.
            typed = local.astimezone(dt.UTC)
        except (ValueError, OverflowError):
            self._wrong(name, _("Enter a date and a time."))
            return None
        if not clock.within(typed, clock.EARLIEST, clock.LATEST):
            self._wrong(name, _("Choose a year from 1970 to 2199."))
            return None
        return typed

    def required(self, *names: str) -> None:
        """Note those of ``names`` that are empty."""
        for name in names:
            if not self.text(name):
                self.errors.setdefault(name, _("Fill this in."))

    def check(self) -> None:
        """Refuse what could not be read, and from now on at once."""
        self._checked = True
        if self.errors:
            raise Invalid(fields=self.errors)

    def _wrong(self, name: str, told: str) -> None:
        self.errors[name] = told
        if self._checked:
            # Nobody would look any more: what was typed would be lost without a word.
            raise Invalid(fields=self.errors)
