"""A part that was refused, sent again by two workers at once, and by two of finance at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import QuerySet

from banyan.earnings import settling
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict
from banyan.ledger.proof import verify
from banyan.orders.models import Order
from banyan.payments import actions
from banyan.payments.actions import payouts, splits
from banyan.payments.models import ConnectedAccount, Payout
from banyan.payments.providers.base import Status
from banyan.payments.rules import SPLIT_PATIENCE
from tests.acceptance.lives_payments import PassingOn
from tests.payments.fixtures import till_settings
from tests.payments.scripted import script
from tests.payments.till import balance
from tests.support import factories
from tests.support.threads import kinds, run_at_once, run_concurrently
from tests.support.weakened import meet, no_locks

__all__ = ["till_settings"]

pytestmark = pytest.mark.usefixtures("threaded_db")
CRON = Actor.system("test")
FINANCE = Actor(kind="staff", id=1, roles=frozenset({"finance"}), label="finance")


@pytest.fixture(autouse=True)
def passing_on(till_settings: None, settings: Any) -> None:
    settings.PAYMENT_PROVIDERS = [
        *settings.PAYMENT_PROVIDERS,
        "passingon=tests.acceptance.lives_payments:PassingOn",
    ]


def refused() -> Order:
    """Return a received order whose part its provider has refused once."""
    item = factories.variant(price=10_000)
    checkout = factories.pay(factories.place((item, 1), provider=PassingOn.name))
    order: Order = checkout.orders.get()
    ConnectedAccount.objects.create(
        owner_kind="shop",
        owner_id=order.shop_id,
        provider=PassingOn.name,
        account="acct_1",
        connected_at=clock.now(),
    )
    Order.objects.filter(pk=order.pk).update(state="received")
    settling.settle_order(actor=CRON, order_id=order.pk, key="received")
    script.refuses = "balance_insufficient"
    submit()
    script.refuses = ""
    script.refund_status = Status.SUCCEEDED
    script.calls.clear()
    Payout.objects.update(next_attempt_at=clock.now())
    return order


def submit() -> None:
    actions.submit_payout(actor=CRON, payout_id=Payout.objects.latest("id").pk)


def given_up(order: Order) -> Payout:
    script.refuses = "balance_insufficient"
    Payout.objects.update(created_at=clock.now() - SPLIT_PATIENCE)
    submit()
    script.refuses = ""
    part = Payout.objects.get()
    assert part.state == "failed"
    return part


def test_two_workers_send_a_refused_part_once() -> None:
    order = refused()
    run_concurrently(submit, 4)
    assert len(script.asked("split")) == 1
    assert Payout.objects.get().state == "paid"
    assert balance("shop_payable", owner_id=order.shop_id) == 0
    assert verify().clean


def test_control_without_the_claim_it_is_sent_more_than_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refused()
    real = QuerySet.update

    def claims(rows: QuerySet[Any], **values: Any) -> int:
        return real(rows, **values) or int(rows.model is Payout and "attempts" in values)

    meet(monkeypatch, payouts, "_must_wait", parties=2)
    monkeypatch.setattr(QuerySet, "update", claims)
    run_concurrently(submit, 2)
    assert len(script.asked("split")) == 2


def again(part: Payout) -> Any:
    return lambda: settling.pass_on_again(actor=FINANCE, payout_id=part.pk, reason="filled")


def test_finance_twice_at_once_passes_it_on_once() -> None:
    order = refused()
    part = given_up(order)

    results = run_at_once(*[again(part)] * 4)

    assert sum(isinstance(one, Payout) for one in results) == 1, kinds(results)
    assert all(isinstance(one, Payout | Conflict) for one in results)
    assert Payout.objects.count() == 2
    assert balance("payouts_in_transit") == order.total_amount
    assert verify().clean


def test_control_without_locks_and_key_it_is_passed_on_more_than_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order = refused()
    part = given_up(order)
    no_locks(monkeypatch)
    # The last look at what is left; whoever looked later would be told that it is too much.
    meet(monkeypatch, splits, "left_to_pass_on", parties=2)
    written = payouts.write_payout
    numbers = iter(range(10))
    monkeypatch.setattr(
        "banyan.payments.actions.splits.write_payout",
        lambda **how: written(**how | {"key": f"{how['key']}:{next(numbers)}"}),
    )
    monkeypatch.setattr("banyan.payments.actions.splits._post", lambda *row: None)

    run_at_once(again(part), again(part))

    assert Payout.objects.exclude(state="failed").count() == 2
