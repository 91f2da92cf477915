"""Money is exact: splits sum, stay near their share, and favour nobody by more than a unit."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from banyan.kernel.money import (
    CurrencyMismatch,
    Money,
    format_money,
    minor_digits,
    share_of,
    split,
)

AMOUNTS = st.integers(-(10**15), 10**15)
WEIGHTS = st.lists(st.integers(0, 10**12), min_size=1, max_size=30).filter(any)
NO_AMOUNTS = [
    *("1.2345", "x", "", "NaN", "-Infinity", "1e-9", "9" * 40, "1e99999999", "½"),
    *(",500", "1,0000", "1,2,000", "1000,000", "1,000.500,000", "1.25,00", "1,250,50"),
]
CURRENCIES = st.sampled_from(["CNY", "JPY", "USD", "EUR", "KWD", "TWD"])


@given(total=AMOUNTS, weights=WEIGHTS)
def test_parts_sum_and_are_within_a_unit_of_their_share(total: int, weights: list[int]) -> None:
    parts = split(total, weights)
    assert sum(parts) == total
    assert len(parts) == len(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1
        assert weight or not part, "who weighs nothing gets nothing"
        assert part * total >= 0, "nobody's part has the other sign"


@given(total=AMOUNTS, weights=WEIGHTS)
def test_more_weight_never_gets_less(total: int, weights: list[int]) -> None:
    parts = split(total, weights)
    ordered = sorted(zip(weights, parts, strict=True))
    for (light, less), (heavy, more) in pairwise(ordered):
        if light < heavy:
            assert abs(less) <= abs(more)


@given(total=AMOUNTS, weights=WEIGHTS, factor=st.integers(1, 1000))
def test_scaling_the_weights_and_negating_the_total_change_nothing(
    total: int, weights: list[int], factor: int
) -> None:
    parts = split(total, weights)
    assert split(total, [weight * factor for weight in weights]) == parts
    assert split(-total, weights) == [-part for part in parts]


@given(total=st.integers(0, 10**6), n=st.integers(1, 50))
def test_equal_weights_differ_by_a_unit_and_the_first_are_ahead(total: int, n: int) -> None:
    parts = split(total, [1] * n)
    assert max(parts) - min(parts) <= 1
    assert parts == sorted(parts, reverse=True)


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1], [-1, 3]])
def test_useless_weights_are_refused(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        split(10, weights)


@given(amount=AMOUNTS, rate=st.integers(0, 10_000))
def test_a_share_is_rounded_half_up_away_from_zero(amount: int, rate: int) -> None:
    share = share_of(amount, rate)
    assert abs(share - Fraction(amount * rate, 10_000)) <= Fraction(1, 2)
    assert share_of(-amount, rate) == -share
    assert abs(share) <= abs(amount)


@given(a=AMOUNTS, b=AMOUNTS, currency=CURRENCIES)
def test_sums_are_exact_and_ordered(a: int, b: int, currency: str) -> None:
    left, right = Money(a, currency), Money(b, currency)
    assert (left + right) - right == left
    assert (-left) + left == Money(0, currency)
    assert (left < right) == (a < b)
    assert bool(left) == (a != 0)


@given(amount=AMOUNTS, currency=CURRENCIES)
def test_what_is_written_can_be_read_back(amount: int, currency: str) -> None:
    money = Money(amount, currency)
    assert Money.parse(str(money.decimal), currency) == money


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        *(("1,250.50", 125_050), ("12,500", 1_250_000), ("-1,000,000", -100_000_000)),
        *(("1,00,000", 10**7), ("12,50", 1_250), ("-0,5", -50), ("1.250,50", 125_050)),
    ],
)
def test_commas_are_between_thousands_or_before_the_cents(text: str, amount: int) -> None:
    assert Money.parse(text, "EUR") == Money(amount, "EUR")


@pytest.mark.parametrize("currency", ["EUR", "JPY"])
def test_three_figures_after_a_dot_may_be_thousands_and_are_not_taken(currency: str) -> None:
    for text in ("1.250", "-1.000", "250.000"):
        with pytest.raises(ValueError, match="amount"):
            Money.parse(text, currency)
    assert Money.parse("1.250", "KWD") == Money(1_250, "KWD")
    assert Money.parse("0.500", "EUR") == Money(50, "EUR")


@given(currency=CURRENCIES, text=st.sampled_from(NO_AMOUNTS))
def test_what_is_no_amount_is_refused(currency: str, text: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        Money.parse(text, currency)


@given(a=CURRENCIES, b=CURRENCIES)
def test_currencies_never_mix(a: str, b: str) -> None:
    assume(a != b)
    for act in (lambda: Money(1, a) + Money(1, b), lambda: Money(1, a) < Money(1, b)):
        with pytest.raises(CurrencyMismatch):
            act()


@pytest.mark.parametrize("amount", [1.0, True, "1"])
def test_only_ints_are_amounts(amount: object) -> None:
    with pytest.raises(TypeError):
        Money(amount, "CNY")  # type: ignore[arg-type]


@given(amount=AMOUNTS, locale=st.sampled_from(["en", "zh-hans", "zh-hant"]))
def test_a_yen_sign_never_stands_alone(amount: int, locale: str) -> None:
    for currency in ("CNY", "JPY"):
        text = format_money(Money(amount, currency), locale)
        assert text.count("¥") + text.count("￥") == text.count(
            {"CNY": "CN¥", "JPY": "JP¥"}[currency]
        )


def test_decimals_follow_the_currency() -> None:
    assert [minor_digits(c) for c in ("JPY", "CNY", "KWD")] == [0, 2, 3]
