"""An order that is settled by several at once passes its shop's money on once."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from banyan.earnings import settling
from banyan.earnings.settling import settle_order
from banyan.kernel import clock, locks
from banyan.kernel.actors import Actor
from banyan.kernel.locks import LockKey
from banyan.ledger import actions as ledger
from banyan.ledger.proof import verify
from banyan.orders.models import Order
from banyan.payments.access import get_intent_of
from banyan.payments.actions import splits
from banyan.payments.models import ConnectedAccount, Payout, PayoutReturn
from banyan.payments.problems import SplitTooLarge
from tests.payments.fixtures import till_settings
from tests.payments.till import balance
from tests.support import factories
from tests.support.threads import run_at_once
from tests.support.weakened import meet, no_locks

__all__ = ["till_settings"]

pytestmark = pytest.mark.usefixtures("threaded_db")
CRON = Actor.system("test")


def received() -> Order:
    """Return a received order of a shop with an account of its own at the provider."""
    checkout = factories.pay(factories.place((factories.variant(price=10_000), 1)))
    order: Order = checkout.orders.get()
    ConnectedAccount.objects.create(
        owner_kind="shop",
        owner_id=order.shop_id,
        provider="sandbox",
        account="acct_1",
        connected_at=clock.now(),
    )
    Order.objects.filter(pk=order.pk).update(state="received")
    return order


def settle(order: Order) -> Any:
    return lambda: settle_order(actor=CRON, order_id=order.pk, key=f"received:{order.pk}")


@pytest.mark.parametrize("round_", range(3))
def test_settled_by_several_at_once_it_is_passed_on_once(round_: int) -> None:
    order = received()

    run_at_once(settle(order), settle(order), settle(order))

    assert Payout.objects.get().amount == order.total_amount
    assert balance("shop_payable", owner_id=order.shop_id) == 0
    assert balance("payouts_in_transit") == order.total_amount
    assert verify().clean


def test_parts_of_one_payment_at_once_never_exceed_it() -> None:
    order = received()

    results = run_at_once(*(part(order, f"k{n}") for n in range(4)))

    assert sum(isinstance(one, Payout) for one in results) == 1
    assert sum(isinstance(one, SplitTooLarge) for one in results) == 3


def test_control_without_the_lock_parts_exceed_the_payment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order = received()
    no_locks(monkeypatch)
    meet(monkeypatch, splits, "left_to_pass_on", parties=2)
    monkeypatch.setattr(splits, "_post", lambda *row: None)

    run_at_once(part(order, "k1"), part(order, "k2"))

    assert sum(Payout.objects.values_list("amount", flat=True)) > order.total_amount


def part(order: Order, key: str) -> Any:
    """Return a call that passes two thirds of an order's money on."""
    intent = get_intent_of("checkout", order.checkout_id)
    owed = settling._owed(order)

    def call() -> Any:
        with transaction.atomic():
            locks.take([LockKey("payment", intent.pk), *ledger.lock_keys([owed])])
            return splits.request_split(
                actor=CRON,
                intent_id=intent.pk,
                owner=("shop", order.shop_id),
                owed=owed,
                subject_kind="test",
                subject_id=order.pk,
                amount=order.total_amount * 2 // 3,
                key=key,
                last=False,
            )

    return call


def test_two_that_take_back_at_once_take_no_more_than_was_passed_on() -> None:
    order = received()
    settle(order)()
    split, owed = Payout.objects.get(), settling._owed(order)

    def back(key: str) -> Any:
        return lambda: splits.request_return(
            actor=CRON, payout_id=split.pk, credit=owed, amount=split.amount * 2 // 3, key=key
        )

    results = run_at_once(back("a"), back("b"), back("c"))

    assert sum(isinstance(one, PayoutReturn) for one in results) == 1
    assert sum(isinstance(one, SplitTooLarge) for one in results) == 2
