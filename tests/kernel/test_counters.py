"""Bounded counters refuse, delta counters fold once."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from banyan.kernel import counters
from banyan.kernel.models import BoundedCounter, CounterDelta
from banyan.kernel.problems import SoldOut

pytestmark = pytest.mark.django_db

SEATS: Any = {"kind": "seats", "subject_id": 1}


def test_take_until_the_cap_then_sold_out() -> None:
    counters.open_counter(cap=3, **SEATS)
    counters.take(n=2, **SEATS)
    with pytest.raises(SoldOut):
        counters.take(n=2, **SEATS)
    assert counters.left(**SEATS) == 1, "a refused take takes nothing"
    counters.take(**SEATS)
    assert counters.left(**SEATS) == 0
    counters.release(n=3, **SEATS)
    assert counters.left(**SEATS) == 3


def test_opening_again_keeps_cap_and_use() -> None:
    counters.open_counter(cap=3, **SEATS)
    counters.take(**SEATS)
    assert counters.open_counter(cap=99, **SEATS).cap == 3
    assert counters.left(**SEATS) == 2


def test_giving_back_more_than_taken_is_a_fault() -> None:
    counters.open_counter(cap=3, **SEATS)
    counters.take(**SEATS)
    with pytest.raises(ValueError, match="fewer taken"):
        counters.release(n=2, **SEATS)
    assert counters.left(**SEATS) == 2


def test_no_counter_is_not_sold_out() -> None:
    with pytest.raises(LookupError):
        counters.take(**SEATS)


@pytest.mark.parametrize("n", [0, -1])
def test_counts_are_positive(n: int) -> None:
    counters.open_counter(cap=3, **SEATS)
    for act in (counters.take, counters.release):
        with pytest.raises(ValueError, match="at least 1"):
            act(n=n, **SEATS)


def test_the_database_refuses_what_goes_around_the_code() -> None:
    counters.open_counter(cap=3, **SEATS)
    for used in (4, -1):
        with pytest.raises(IntegrityError), transaction.atomic():
            BoundedCounter.objects.update(used=used)


def test_fold_sums_per_subject_and_only_its_kind() -> None:
    for subject, delta in ((2, 1), (1, 5), (2, 1), (1, -2)):
        counters.add(kind="likes", subject_id=subject, delta=delta)
    counters.add(kind="views", subject_id=1)
    applied: list[dict[int, int]] = []
    assert counters.fold("likes", applied.append) == {1: 3, 2: 2}
    assert list(applied[0]) == [1, 2], "ascending, so that updates lock in order"
    assert counters.fold("likes", applied.append) == {}
    assert len(applied) == 1
    assert CounterDelta.objects.get().kind == "views"


def test_a_failing_fold_loses_nothing() -> None:
    counters.add(kind="likes", subject_id=1)

    def fail(sums: dict[int, int]) -> None:
        raise RuntimeError("database gone")

    with pytest.raises(RuntimeError, match="gone"):
        counters.fold("likes", fail)
    assert counters.fold("likes", lambda sums: None) == {1: 1}
