"""Our minor units and Stripe's, which differ for a few currencies.

Source: https://docs.stripe.com/currencies (presentment currencies, zero-decimal, three-decimal,
special cases).
"""

from __future__ import annotations

from banyan.kernel.money import Money, minor_digits


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ZERO = _codes("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF")
_THREE = _codes("BHD JOD KWD OMR TND")
# UGX is left out: it is on the list without decimals, and was sent with two for long.
_TWO = _codes(
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BWP BYN BZD CAD CDF "
    "CHF CNY COP CRC CVE CZK DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG "
    "HUF IDR ILS INR ISK JMD KES KGS KHR KYD KZT LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR "
    "MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD SAR SBD SCR "
    "SEK SGD SHP SLE SOS SRD STD SZL THB TJS TOP TRY TTD TWD TZS UAH USD UYU UZS WST XCD YER ZAR "
    "ZMW"
)

CURRENCIES = _ZERO | _THREE | _TWO


def _factor(currency: str) -> int:
    """Return how many of Stripe's units one of ours is: 1, or 100 where only Stripe has cents."""
    digits = 0 if currency in _ZERO else 3 if currency in _THREE else 2
    return int(10 ** (digits - minor_digits(currency)))


def to_stripe(money: Money) -> int:
    """Return the amount as Stripe writes it (ISK 5 is 500, JPY 500 is 500, KWD 1.250 is 1250)."""
    return money.amount * _factor(money.currency)


def from_stripe(amount: int, currency: str) -> Money | None:
    """Return what Stripe writes as money; None for what our books cannot hold.

    That is a currency that :data:`CURRENCIES` does not name, or a part of our smallest unit.
    """
    code = currency.upper()
    if code not in CURRENCIES:
        return None
    whole, rest = divmod(amount, _factor(code))
    return None if rest else Money(whole, code)
