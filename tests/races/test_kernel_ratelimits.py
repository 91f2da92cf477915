"""A rate limit under threads lets through exactly its number."""

from __future__ import annotations

import contextlib

import pytest

from banyan.kernel import clock
from banyan.kernel.problems import TooMany
from banyan.kernel.ratelimits import hit
from tests.support.threads import run_concurrently

pytestmark = pytest.mark.usefixtures("threaded_db")


def test_exactly_the_limit_passes() -> None:
    now = clock.now()

    def ten() -> int:
        passed = 0
        with clock.at(now):  # the same day for all
            for _ in range(10):
                with contextlib.suppress(TooMany):
                    hit("race", 25, 86_400)
                    passed += 1
        return passed

    assert sum(run_concurrently(ten, 6)) == 25
