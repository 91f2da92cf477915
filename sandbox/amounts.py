"""Currencies the gateway takes, and amounts as people write them. Minor units, no floats."""

from __future__ import annotations

from types import MappingProxyType

#: ISO 4217 code -> number of decimals.
DECIMALS = MappingProxyType(
    {
        "AUD": 2,
        "BRL": 2,
        "CAD": 2,
        "CHF": 2,
        "CNY": 2,
        "DKK": 2,
        "EUR": 2,
        "GBP": 2,
        "HKD": 2,
        "IDR": 2,
        "INR": 2,
        "JPY": 0,
        "KRW": 0,
        "MOP": 2,
        "MXN": 2,
        "MYR": 2,
        "NOK": 2,
        "NZD": 2,
        "PHP": 2,
        "PLN": 2,
        "SEK": 2,
        "SGD": 2,
        "THB": 2,
        "TWD": 2,
        "USD": 2,
        "VND": 0,
    }
)

# "¥" alone could be yuan or yen, so it always carries the country.
_SYMBOLS = MappingProxyType(
    {"CNY": "CN¥", "EUR": "€", "GBP": "£", "HKD": "HK$", "JPY": "JP¥", "TWD": "NT$", "USD": "US$"}
)


def decimal_text(amount: int, currency: str) -> str:
    """Return minor units as a plain decimal: 123456 CNY -> ``1234.56``, 500 JPY -> ``500``."""
    return _decimal(amount, currency, grouping="")


def display(amount: int, currency: str) -> str:
    """Return an amount for people: ``CN¥1,234.56``, ``JP¥1,234``, ``CHF 12.00``.

    The three languages of the page group and point numbers alike.
    """
    symbol = _SYMBOLS.get(currency, f"{currency}\N{NO-BREAK SPACE}")
    return symbol + _decimal(amount, currency, grouping=",")


def _decimal(amount: int, currency: str, *, grouping: str) -> str:
    places = DECIMALS[currency]
    sign = "-" if amount < 0 else ""
    whole, rest = divmod(abs(amount), 10**places)
    text = f"{sign}{whole:,}".replace(",", grouping)
    return f"{text}.{rest:0{places}}" if places else text
