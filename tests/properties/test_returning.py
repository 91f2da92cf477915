"""Whatever comes back in whatever order: never more than was paid, and all of it in the end."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.orders.rules.returning import Bought, with_shipping, without_shipping

RULES = {"buyer": without_shipping, "shop": with_shipping}

line = st.builds(
    lambda quantity, unit, off, shipping: (quantity, unit * quantity - off, shipping),
    st.integers(1, 7),
    st.integers(10, 100_000),
    st.integers(0, 10),
    st.integers(0, 5_000),
)


def bought(rows: list[tuple[int, int, int]]) -> list[Bought]:
    return [
        Bought(key, quantity, goods, shipping, refunded=0, units_back=0)
        for key, (quantity, goods, shipping) in enumerate(rows)
    ]


def after(lines: list[Bought], back: dict[int, int], parts: dict[int, int]) -> list[Bought]:
    return [
        dataclasses.replace(
            one,
            refunded=one.refunded + parts.get(one.key, 0),
            units_back=one.units_back + back.get(one.key, 0),
        )
        for one in lines
    ]


def left(lines: list[Bought]) -> int:
    return sum(one.left for one in lines)


@given(st.lists(line, min_size=1, max_size=4), st.data())
def test_any_sequence_of_returns_pays_back_exactly_what_was_paid(
    rows: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    lines = bought(rows)
    paid = left(lines)
    total = 0
    while any(one.units_back < one.quantity for one in lines):
        back = {one.key: data.draw(st.integers(0, one.quantity - one.units_back)) for one in lines}
        if not any(back.values()):
            one = next(each for each in lines if each.units_back < each.quantity)
            back[one.key] = 1
        parts = RULES[data.draw(st.sampled_from(sorted(RULES)))](lines, back)
        assert all(part > 0 for part in parts.values())
        lines = after(lines, back, parts)
        total += sum(parts.values())
        assert all(one.left >= 0 for one in lines)
    assert total == paid
    assert left(lines) == 0


@given(st.lists(line, min_size=1, max_size=4), st.data())
def test_with_money_given_before_it_is_never_more_than_what_is_left(
    rows: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    lines = [
        dataclasses.replace(one, refunded=data.draw(st.integers(0, one.left)))
        for one in bought(rows)
    ]
    before = left(lines)
    back = {one.key: one.quantity for one in lines}

    parts = without_shipping(lines, back)

    assert sum(parts.values()) == before


@given(line, st.data())
def test_a_part_of_an_order_leaves_its_shipping_with_the_shop(
    row: tuple[int, int, int], data: st.DataObject
) -> None:
    first, other = bought([row, (1, 1_000, 0)])
    units = data.draw(st.integers(1, first.quantity))

    mine = without_shipping([first, other], {first.key: units}).get(first.key, 0)
    theirs = with_shipping([first, other], {first.key: units}).get(first.key, 0)

    assert mine <= theirs
    assert mine <= first.goods
    if units == first.quantity:
        assert theirs == first.goods + first.shipping


@pytest.mark.parametrize("back", [{0: 3}, {0: -1}, {7: 1}])
def test_units_that_are_not_there_are_an_error(back: dict[int, int]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the rule has no other words
        without_shipping(bought([(2, 100, 0)]), back)


def test_the_written_example() -> None:
    """Three pieces for 12.00 in all with 1.20 shipping, taxes on top of both; one comes back."""
    (one,) = bought([(3, 1_200, 120)])
    other = Bought(9, 1, 500, 0, 0, 0)

    assert without_shipping([one, other], {0: 1}) == {0: 400}
    assert with_shipping([one, other], {0: 1}) == {0: 440}
    assert without_shipping([one], {0: 3}) == {0: 1_320}  # the whole order: shipping, too
