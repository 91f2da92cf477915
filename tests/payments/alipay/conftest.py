"""One gateway process for the run, with keys made for it; every test finds it well-behaved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.payments.alipay.driver import Alipay, running


@pytest.fixture(scope="session")
def alipay_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alipay]:
    with running(tmp_path_factory.mktemp("alipay")) as process:
        yield process


@pytest.fixture
def alipay(alipay_process: Alipay, settings: Any, till_settings: None) -> Alipay:
    """The gateway; notifications are kept until the test delivers them."""
    for name, value in alipay_process.settings.items():
        setattr(settings, name, value)
    settings.PAYMENT_PROVIDERS = ["alipay", "wallet"]
    alipay_process.control("reset")
    alipay_process.set(notices="held")
    return alipay_process
