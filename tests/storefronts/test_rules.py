"""Rules of storefronts, for any figures."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from banyan.earnings.rules import margin
from banyan.storefronts.rules import contrast, ink_on

COLOURS = st.tuples(*[st.integers(0, 255)] * 3).map(lambda rgb: "#{:02x}{:02x}{:02x}".format(*rgb))
AMOUNTS = st.integers(1, 10**9)


@given(COLOURS)
def test_letters_on_any_colour_can_be_read(colour: str) -> None:
    assert contrast(ink_on(colour), colour) >= 4.5


@given(AMOUNTS, AMOUNTS, st.integers(1, 99), st.integers(0, 10**9), st.integers(0, 5000))
def test_a_line_is_split_without_a_cent_missing(
    supply: int, extra: int, quantity: int, discount: int, fee_bps: int
) -> None:
    unit = supply + extra
    given_off = min(discount, extra * quantity)

    split = margin(unit=unit, supply=supply, quantity=quantity, discount=given_off, fee_bps=fee_bps)

    paid = unit * quantity - given_off
    assert paid - split.amount - split.fee - split.tax == supply * quantity
    assert min(split.amount, split.fee, split.tax) >= 0
