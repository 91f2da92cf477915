"""Rate limits are off for programs that ask as fast as they can."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _no_rates(settings: Any) -> None:
    settings.API_RATES = {}
