"""What stays due, or fails, keeps nothing else from its turn."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from django.db.models import QuerySet

import banyan
from banyan.kernel.models import Node, SweepPlace
from banyan.kernel.problems import Busy
from banyan.kernel.sweeps import sweep

pytestmark = pytest.mark.django_db
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def rows(n: int) -> QuerySet[Node]:
    """Nodes 1 to n, of which the last is due first."""
    Node.objects.bulk_create(
        Node(number=i, holder="x", leased_until=START - dt.timedelta(minutes=i))
        for i in range(1, n + 1)
    )
    return Node.objects.filter(leased_until__lte=START)


def gone(number: int) -> int:
    return Node.objects.filter(pk=number).delete()[0]


def test_rows_that_stay_are_passed_by_and_everything_is_reached() -> None:
    due, looked = rows(7), []

    def act(number: int) -> int:
        looked.append(number)
        return gone(number) if number <= 2 else 0

    assert sweep("s", due, act, by="leased_until", piece=2, most=10) == 2
    assert looked == [7, 6, 5, 4, 3, 2, 1], "the longest due first, each once"
    assert not SweepPlace.objects.exists()


@pytest.mark.parametrize("by", ["leased_until", ""])
def test_a_run_that_stops_is_gone_on_with_and_comes_round(by: str) -> None:
    due, looked = rows(7), []

    def stays(number: int) -> int:
        looked.append(number)
        return 0

    for _run in range(3):
        sweep("s", due, stays, by=by, piece=2, most=5)
    order = [7, 6, 5, 4, 3, 2, 1] if by else [1, 2, 3, 4, 5, 6, 7]
    assert looked == [*order, *order, *order][:15]


def test_rows_of_one_moment_are_each_looked_at_once() -> None:
    due, looked = rows(5), []
    due.update(leased_until=START)

    def stays(number: int) -> int:
        looked.append(number)
        return 0

    sweep("s", due, stays, by="leased_until", piece=2, most=10)
    assert looked == [1, 2, 3, 4, 5]


def test_one_that_fails_or_is_locked_holds_up_nobody(caplog: pytest.LogCaptureFixture) -> None:
    due = rows(5)

    def act(number: int) -> int:
        if number == 5:
            raise RuntimeError("broken")
        if number == 4:
            raise Busy()
        return gone(number)

    assert sweep("s", due, act, by="leased_until", piece=2, most=10) == 3
    assert list(due.values_list("pk", flat=True).order_by("pk")) == [4, 5]
    assert "s: 4 waits (busy)" in caplog.text
    assert "s: 5 fails" in caplog.text


def test_a_row_that_went_meanwhile_is_not_acted_on_twice() -> None:
    due, looked = rows(4), []

    def act(number: int) -> int:
        looked.append(number)
        gone(1)
        return gone(number)

    sweep("s", due, act, by="leased_until", piece=2, most=10)
    assert looked == [4, 3, 2], "read again piece by piece"


def test_few_rows_cost_one_statement(django_assert_num_queries: object) -> None:
    due = rows(2)
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert sweep("s", due, lambda _number: 1, by="leased_until", piece=2) == 2


def test_every_sweep_keeps_a_place_of_its_own() -> None:
    names = [
        name
        for file in Path(banyan.__file__).parent.rglob("*.py")
        for name in re.findall(r"\bsweep\(\s*\"([\w.]+)\"", file.read_text())
    ]
    assert len(names) > 20, "the walk found the project's sweeps"
    assert len(names) == len(set(names))
