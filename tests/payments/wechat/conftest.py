"""One gateway process for the run; the books are proved after every test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from banyan.ledger.proof import verify
from tests.payments.wechat.driver import Wechat, run_wechat

PUBLIC_URL = "https://shop.test"


@pytest.fixture(scope="session")
def wechat_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wechat]:
    with run_wechat(tmp_path_factory.mktemp("wechat")) as process:
        yield process


@pytest.fixture
def wechat(wechat_process: Wechat, till_settings: None, settings: Any) -> Wechat:
    """The gateway, empty and well-behaved, and an installation that uses it."""
    for name, value in wechat_process.settings.items():
        setattr(settings, name, value)
    settings.PAYMENT_PROVIDERS = ["wechat", "wallet"]
    settings.PUBLIC_URL = PUBLIC_URL
    wechat_process.control("reset")
    return wechat_process


@pytest.fixture(autouse=True)
def proved(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every journal sums to zero and every balance is what its postings say."""
    yield
    if request.node.get_closest_marker("django_db"):
        report = verify()
        assert report.clean
        assert not any(report.totals.values())
