"""Processes that start together get different node numbers."""

from __future__ import annotations

import contextlib

import pytest

from banyan.kernel import nodes
from tests.support.threads import run_concurrently

pytestmark = pytest.mark.usefixtures("threaded_db")


def test_eight_starts_at_once_get_eight_numbers() -> None:
    results = run_concurrently(lambda: nodes.lease_node("edge"), 8)
    assert sorted(results) == list(range(1, 9)), results


def test_negative_control_without_the_transaction_somebody_goes_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The advisory lock is only held as long as its transaction."""

    class NoTransaction:
        atomic = staticmethod(contextlib.nullcontext)

    monkeypatch.setattr(nodes, "transaction", NoTransaction)
    failures = 0
    for _ in range(20):
        results = run_concurrently(lambda: nodes.lease_node("edge"), 8)
        failures += sum(isinstance(result, Exception) for result in results)
        if failures:
            break
    assert failures
