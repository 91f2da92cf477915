"""One stand-in for Stripe for the run, with fresh keys, begun anew for each test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from banyan.ledger.proof import verify
from tests.payments.stripe.gateway import Gateway


@pytest.fixture(scope="session")
def stripe_process() -> Iterator[Gateway]:
    gateway = Gateway()
    yield gateway
    gateway.close()


@pytest.fixture
def gateway(stripe_process: Gateway, till_settings: None, settings: Any) -> Gateway:
    """The stand-in, enabled as an operator enables Stripe."""
    settings.PAYMENT_PROVIDERS = ["stripe", *settings.PAYMENT_PROVIDERS]
    settings.STRIPE_URL = stripe_process.url
    settings.STRIPE_SECRET_KEY = stripe_process.key
    settings.STRIPE_WEBHOOK_SECRETS = [stripe_process.secret]
    settings.STRIPE_METHODS = ["card"]
    stripe_process.control("reset")
    return stripe_process


@pytest.fixture
def books(db: None) -> Iterator[None]:
    """Whatever a test does, the ledger is right afterwards."""
    yield
    report = verify()
    assert report.clean, report
