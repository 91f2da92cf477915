"""Webhook, browser and inquiry at once, with real gateway and orders: one of everything."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from banyan.kernel.models import StateChange, StoredEvent
from banyan.ledger.models import Journal
from banyan.ledger.proof import verify
from banyan.orders.models import Checkout
from banyan.payments import actions, jobs
from banyan.payments.models import Intent, ProviderMessage, Refund
from tests.payments.fixtures import sandbox, sandbox_process, till_settings
from tests.payments.till import BUYER
from tests.sandbox.driver import wait_for
from tests.support import factories as make
from tests.support.recount import recount
from tests.support.sandbox import Sandbox, serve_shop
from tests.support.threads import run_at_once

__all__ = ["sandbox", "sandbox_process", "till_settings"]
pytestmark = pytest.mark.usefixtures("threaded_db")


@pytest.fixture
def shop_url(sandbox: Sandbox, settings: Any) -> Iterator[str]:
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(serve_shop())
        settings.PUBLIC_URL = url
        settings.ALLOWED_HOSTS = ["*"]
        yield url


def _under_way(url: str) -> tuple[Checkout, Intent]:
    checkout = make.place((make.variant(price=10_000, stock=1), 1))
    intent = Intent.objects.get(subject_id=checkout.pk)
    actions.start(
        actor=BUYER,
        intent_id=intent.pk,
        return_url=f"{url}/pay/return/{intent.token}",
        locale="en",
    )
    intent.refresh_from_db()
    return checkout, intent


def _browser(intent: Intent) -> Callable[[], int]:
    return lambda: Client().get(f"/pay/return/{intent.token}").status_code


def _inquiry(intent: Intent) -> Callable[[], str]:
    return lambda: actions.check_intent(actor=BUYER, intent_id=intent.pk).state


def _delivered(sandbox: Sandbox, intent: Intent) -> bool:
    """Tell whether the gateway has nothing left to say about this payment."""
    told = sandbox.api.get("/v1/events?limit=500").json["data"]
    ours = [e for e in told if e["data"]["object"]["id"] == intent.provider_ref]
    states = [delivery["state"] for event in ours for delivery in event["deliveries"]]
    return bool(ours) and "pending" not in states


def _assert_one_of_everything(checkout: Checkout, intent: Intent) -> None:
    checkout.refresh_from_db()
    intent.refresh_from_db()
    order = checkout.orders.get()
    assert (checkout.state, order.state, intent.state) == ("paid", "paid", "captured")
    journals = Journal.objects.filter(cause_id=checkout.pk)
    assert sorted(journals.values_list("key", flat=True)) == [
        f"intent:{intent.pk}:captured",
        f"order:{order.pk}:paid",
    ]
    for name in ("payment.captured", "order.paid"):
        assert StoredEvent.objects.filter(name=name).count() == 1
    assert StateChange.objects.filter(target="captured").count() == 1
    assert not Refund.objects.exists()
    assert not ProviderMessage.objects.filter(handled_at=None).exists()
    assert recount() == {}
    assert verify().clean


HABITS = ["success", "twice", "before_redirect", "never"]


@pytest.mark.parametrize("outcome", HABITS)
def test_burned_05_all_ways_at_once_are_one_capture_one_order_one_journal(
    sandbox: Sandbox, shop_url: str, outcome: str
) -> None:
    checkout, intent = _under_way(shop_url)
    pay = [lambda: sandbox.pay(intent.provider_ref, outcome)]

    results = run_at_once(
        *pay, *[_browser(intent)] * 3, *[_inquiry(intent)] * 2, lambda: jobs.run_sweep()
    )
    assert not [r for r in results if isinstance(r, Exception)], results
    wait_for(lambda: _delivered(sandbox, intent))
    run_at_once(_browser(intent), _inquiry(intent), _browser(intent))

    _assert_one_of_everything(checkout, intent)


@pytest.mark.parametrize("first", ["webhook", "browser", "inquiry"])
def test_burned_05_each_way_may_be_the_first_and_the_others_change_nothing(
    sandbox: Sandbox, shop_url: str, first: str
) -> None:
    checkout, intent = _under_way(shop_url)
    if first == "webhook":
        sandbox.pay(intent.provider_ref, "before_redirect")
    else:
        sandbox.configure(webhook_delay_ms=700)
        sandbox.pay(intent.provider_ref, "twice")
        {"browser": _browser, "inquiry": _inquiry}[first](intent)()
    checkout.refresh_from_db()
    assert checkout.state == "paid"

    run_at_once(_browser(intent), _inquiry(intent), _browser(intent))
    wait_for(lambda: _delivered(sandbox, intent))

    _assert_one_of_everything(checkout, intent)
