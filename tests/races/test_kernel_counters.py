"""The last units, taken by many threads at once."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db.models import F

from banyan.kernel import counters
from banyan.kernel.models import BoundedCounter
from banyan.kernel.problems import SoldOut
from tests.support.threads import run_at_once, run_concurrently

pytestmark = pytest.mark.usefixtures("threaded_db")

SEATS: Any = {"kind": "seats", "subject_id": 1}


def test_the_last_unit_goes_to_one() -> None:
    counters.open_counter(cap=1, **SEATS)
    results = run_concurrently(lambda: counters.take(**SEATS), 8)
    assert results.count(None) == 1
    assert sum(isinstance(r, SoldOut) for r in results) == 7
    assert counters.left(**SEATS) == 0


def test_exactly_the_cap_is_taken() -> None:
    counters.open_counter(cap=50, **SEATS)

    def twenty() -> int:
        taken = 0
        for _ in range(20):
            try:
                counters.take(**SEATS)
                taken += 1
            except SoldOut:
                pass
        return taken

    assert sum(run_concurrently(twenty, 6)) == 50
    assert BoundedCounter.objects.get().used == 50


def test_negative_control_reading_before_writing_oversells() -> None:
    """The same race without the condition in the UPDATE (and without the CHECK's help)."""
    counters.open_counter(cap=8, **SEATS)
    all_have_read = threading.Barrier(4)

    def take() -> None:
        left = counters.left(**SEATS)
        all_have_read.wait(10)
        if left < 8:
            raise SoldOut
        BoundedCounter.objects.filter(**SEATS).update(used=F("used") + 1)

    BoundedCounter.objects.update(used=0)
    results = run_concurrently(take, 4)
    assert results.count(None) == 4, "all believed to be the first"


def test_folders_and_writers_at_once_count_everything_once() -> None:
    counters.open_counter(kind="sum", subject_id=1, cap=10_000)
    done = threading.Event()

    def write() -> None:
        for _ in range(100):
            counters.add(kind="likes", subject_id=1)

    def apply(sums: dict[int, int]) -> None:
        BoundedCounter.objects.filter(kind="sum").update(used=F("used") + sums[1])

    def fold() -> None:
        while not done.is_set():
            counters.fold("likes", apply, limit=7)

    def writers() -> None:
        try:
            for result in run_at_once(write, write):
                assert result is None
        finally:
            done.set()

    assert run_at_once(fold, fold, writers) == [None, None, None]
    while counters.fold("likes", apply):
        pass
    assert BoundedCounter.objects.get(kind="sum").used == 200
