"""Intervals, funnels and the division of credit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.insights.rules import (
    AttributionModel,
    PathTouch,
    Proportion,
    attribute,
    funnel,
    wilson_interval,
)


def test_eight_payers_of_a_hundred_lie_between_4_1_and_15_0_percent() -> None:
    low, high = wilson_interval(8, 100)
    assert (round(low * 100, 1), round(high * 100, 1)) == (4.1, 15.0)


def test_wilson_keeps_its_ends_exact_and_knows_nothing_without_trials() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)
    assert wilson_interval(0, 20)[0] == 0.0
    assert wilson_interval(20, 20)[1] == 1.0
    for successes, trials in [(-1, 5), (6, 5)]:
        with pytest.raises(ValueError, match="between 0 and trials"):
            wilson_interval(successes, trials)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_bounds_solve_the_score_equation(counts: tuple[int, int]) -> None:
    successes, trials = counts
    rate = successes / trials
    low, high = wilson_interval(successes, trials)

    assert 0 <= low <= rate <= high <= 1
    # The defining property: the rate lies z standard errors from either bound.
    for bound in (low, high):
        error = 1.959964**2 * bound * (1 - bound) / trials
        assert (rate - bound) ** 2 == pytest.approx(error, abs=1e-9)


def test_a_funnel_gives_rates_of_the_step_before_and_conversion_of_visitors() -> None:
    result = funnel(shown=24_310, opened=3_911, visited=2_208, ordered=211, paid=176)

    names = [step.name for step in result.steps]
    assert names == ["shown", "opened", "visited", "ordered", "paid"]
    rates = [step.of_previous.rate if step.of_previous else None for step in result.steps]
    assert rates == [None, 3911 / 24310, 2208 / 3911, 211 / 2208, 176 / 211]
    assert result.steps[0].of_largest == 1.0
    assert result.conversion is not None
    assert round(result.conversion.rate * 100, 1) == 8.0
    assert round(result.conversion.low * 100, 1) == 6.9
    assert round(result.conversion.high * 100, 1) == 9.2


def test_a_funnel_shows_no_rate_where_none_exists() -> None:
    empty = funnel(shown=0, opened=0, visited=0, ordered=0, paid=0)
    assert all(step.of_previous is None and step.of_largest == 0 for step in empty.steps)
    assert empty.conversion is None

    widening = funnel(shown=5, opened=2, visited=9, ordered=1, paid=1)
    assert widening.steps[2].of_previous is None
    assert max(step.of_largest for step in widening.steps) == 1.0
    assert widening.conversion == Proportion.of(1, 9)

    with pytest.raises(ValueError, match="negative"):
        funnel(shown=5, opened=-1, visited=0, ordered=0, paid=0)


DAY = 86_400


def path_of(*ages: int) -> list[PathTouch]:
    return [PathTouch(f"u{place}", age) for place, age in enumerate(ages)]


@pytest.mark.parametrize(
    ("model", "parts"),
    [
        (AttributionModel.FIRST, [100, 0, 0, 0]),
        (AttributionModel.LAST, [0, 0, 0, 100]),
        (AttributionModel.LINEAR, [25, 25, 25, 25]),
        (AttributionModel.POSITION, [40, 10, 10, 40]),
        (AttributionModel.TIME_DECAY, [7, 13, 27, 53]),
    ],
)
def test_each_model_divides_a_hundred_cents_its_own_way(
    model: AttributionModel, parts: list[int]
) -> None:
    path = path_of(3 * DAY, 2 * DAY, DAY, 0)
    assert attribute(100, path, model=model, half_life=DAY) == parts


def test_odd_cents_go_to_the_earlier_touch() -> None:
    assert attribute(101, path_of(9, 5, 1), model=AttributionModel.LINEAR) == [34, 34, 33]
    assert attribute(1, path_of(9, 1), model=AttributionModel.POSITION) == [1, 0]
    assert attribute(99, path_of(0), model=AttributionModel.POSITION) == [99]


def test_very_old_touches_underflow_to_nothing_and_never_to_a_division_by_zero() -> None:
    path = path_of(10**9, 10**9 - 1)
    assert sum(attribute(500, path, model=AttributionModel.TIME_DECAY, half_life=1)) == 500
    old_and_new = path_of(10**9, 0)
    assert attribute(500, old_and_new, model=AttributionModel.TIME_DECAY, half_life=1) == [0, 500]


def test_no_path_earns_nothing_and_impossible_ages_are_refused() -> None:
    for model in AttributionModel:
        assert attribute(500, [], model=model) == []
    with pytest.raises(ValueError, match="younger"):
        attribute(5, path_of(-1), model=AttributionModel.TIME_DECAY)
    with pytest.raises(ValueError, match="half-life"):
        attribute(5, path_of(1), model=AttributionModel.TIME_DECAY, half_life=0)


@given(
    total=st.integers(-(10**15), 10**15),
    ages=st.lists(st.integers(0, 10**9), min_size=1, max_size=30),
    model=st.sampled_from(AttributionModel),
    half_life=st.integers(1, 10**8),
)
def test_every_model_sums_to_the_order_exactly(
    total: int, ages: list[int], model: AttributionModel, half_life: int
) -> None:
    parts = attribute(total, path_of(*ages), model=model, half_life=half_life)
    assert sum(parts) == total
    assert len(parts) == len(ages)
    assert all(part * total >= 0 for part in parts)


@given(
    total=st.integers(0, 10**9),
    length=st.integers(3, 30),
)
def test_position_never_strays_a_cent_from_40_20_40(total: int, length: int) -> None:
    parts = attribute(total, path_of(*[1] * length), model=AttributionModel.POSITION)
    assert abs(parts[0] * 5 - total * 2) < 5
    assert abs(parts[-1] * 5 - total * 2) < 5
    assert max(parts[1:-1]) - min(parts[1:-1]) <= 1
