"""Money: integer minor units with an ISO 4217 code. Floats never meet money."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation, Overflow
from functools import lru_cache

from babel.core import Locale
from babel.numbers import format_currency, get_currency_precision

from .digits import figure

# A lone yen sign would be ambiguous wherever CNY and JPY can both occur.
_SYMBOLS = {"CNY": "CN¥", "JPY": "JP¥"}
_LARGEST = 2**63 - 1
_DOTTED = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}")


class CurrencyMismatch(ValueError):  # noqa: N818 - named for what it says
    """Two amounts of different currencies met in one sum."""


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An exact amount: ``amount`` in minor units (cents, fen, yen) of ``currency``."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if isinstance(self.amount, bool) or not isinstance(self.amount, int):
            raise TypeError("Money.amount is an int of minor units")
        if len(self.currency) != 3 or not self.currency.isupper():
            raise ValueError(f"not an ISO 4217 code: {self.currency!r}")

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency}")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __mul__(self, quantity: int) -> Money:
        return Money(self.amount * quantity, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.amount < other.amount

    def __le__(self, other: Money) -> bool:
        self._same(other)
        return self.amount <= other.amount

    def __bool__(self) -> bool:
        return self.amount != 0

    def __str__(self) -> str:
        return f"{self.decimal} {self.currency}"

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, with the currency's own number of decimals."""
        return Decimal(self.amount).scaleb(-minor_digits(self.currency))

    @classmethod
    def parse(cls, text: str, currency: str) -> Money:
        """Read a major-unit figure ("12.5", "1,250.50", "12,50") exactly, see ``digits.figure``.

        ValueError if it is no figure, has too many decimals, or is beyond what a column holds. So
        is "1.250" where there are cents: half of Europe means 1,250 by it.
        """
        if minor_digits(currency) != 3 and _DOTTED.fullmatch(text.strip()):
            raise ValueError(f"{text!r} is not an amount of {currency}")
        try:
            value = figure(text).scaleb(minor_digits(currency))
        except (ValueError, InvalidOperation, Overflow) as error:
            raise ValueError(f"{text!r} is not an amount of {currency}") from error
        if not value.is_finite() or abs(value) > _LARGEST or value != value.to_integral_value():
            raise ValueError(f"{text!r} is not an amount of {currency}")
        return cls(int(value), currency)


def minor_digits(currency: str) -> int:
    """Return the number of decimals of ``currency`` (JPY 0, CNY 2)."""
    return get_currency_precision(currency)


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Split ``total`` by ``weights`` with the largest-remainder rule; the parts sum to ``total``.

    Ties go to the earlier position. A negative total is split as its positive and negated.
    ValueError when no weight is positive.
    """
    if total < 0:
        return [-part for part in split(-total, weights)]
    whole = sum(weights)
    if whole <= 0 or any(weight < 0 for weight in weights):
        raise ValueError("weights must be non-negative and not all zero")
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts


def share_of(amount: int, rate_bps: int) -> int:
    """Return ``rate_bps`` basis points of ``amount``, rounded half up on the absolute value."""
    sign = -1 if amount < 0 else 1
    return sign * ((abs(amount) * rate_bps + 5000) // 10000)


def no_amount(currency: str) -> str:
    """Tell whoever typed something else how an amount of ``currency`` looks: 12.50, 1250 of yen."""
    from django.utils.translation import gettext as _

    example = Decimal(1250).scaleb(-minor_digits(currency))
    return _("Enter an amount such as %(example)s.") % {"example": example}


_LOCALES = {"zh-hans": "zh_Hans_CN", "zh-hant": "zh_Hant_TW", "en": "en"}


def format_money(money: Money, locale: str | None = None) -> str:
    """Format for people, in ``locale`` (a Django language code; default: the active one)."""
    from django.utils.translation import get_language

    tag = _LOCALES.get((locale or get_language() or "en").lower(), "en")
    return _formatted(money, tag)


@lru_cache(4096)
def _formatted(money: Money, tag: str) -> str:
    text = format_currency(money.decimal, money.currency, locale=Locale.parse(tag))
    symbol = _SYMBOLS.get(money.currency)
    if symbol and symbol not in text:
        text = text.replace("¥", symbol).replace("￥", symbol)
    return text
