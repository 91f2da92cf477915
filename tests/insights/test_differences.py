"""Differences of shares and times until something is done, against published examples."""

from __future__ import annotations

import pytest

from banyan.insights.rules import Difference, Proportion, Span, done_within


def _of(one: tuple[int, int], other: tuple[int, int]) -> Difference:
    first, second = Proportion.of(*one), Proportion.of(*other)
    assert first is not None
    assert second is not None
    return Difference.of(first, second)


def test_newcombes_own_example() -> None:
    found = _of((56, 70), (48, 80))
    assert found.value == pytest.approx(0.2)
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=0.0001)
    assert found.is_told


def test_nothing_is_told_where_zero_is_between() -> None:
    found = _of((10, 20), (9, 20))
    assert found.low < 0 < found.high
    assert not found.is_told


def test_freireichs_patients_by_kaplan_and_meier() -> None:
    done = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    watched = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    spans = [Span(n, True) for n in done] + [Span(n, False) for n in watched]
    found = done_within(spans, [5, 6, 7, 10, 13, 23, 35, 36])
    left = [None if one is None else round(1 - one, 3) for one in found]
    assert left == [1, 0.857, 0.807, 0.753, 0.69, 0.448, 0.448, None]


def test_nobody_tells_nothing() -> None:
    assert done_within([], [1, 2]) == [None, None]
