"""Races of the market: a listing's last buyer, release against dispute, two decisions at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Problem
from banyan.ledger.proof import verify
from banyan.market import actions as market
from banyan.market.actions import disputes
from banyan.market.models import Dispute, Escrow
from banyan.orders.models import Order
from banyan.people.models import Account
from tests.market.deals import arrived, balance, bought, listing
from tests.support import factories as make
from tests.support.threads import run_at_once
from tests.support.weakened import between, meet, no_locks

pytestmark = pytest.mark.usefixtures("threaded_db")
SYSTEM = Actor.system("test")


def an_arrived_order() -> tuple[Order, Account]:
    """Return an order between members inside the buyer's window, and its buyer."""
    one = listing()
    buyer = make.member()
    order = arrived(bought(one, buyer), one)
    return order, buyer


def complain(order: Order, buyer: Account) -> Callable[[], Any]:
    """Return the act of the buyer."""

    def act() -> Dispute:
        return market.open_dispute(
            actor=make.actor(buyer),
            order_id=order.pk,
            reason="damaged",
            claim_amount=10_000,
            body="Broken.",
        )

    return act


def codes(results: list[Any]) -> list[str]:
    """Return what was refused, by code; anything else than a Problem is a fault of the test."""
    found = [r for r in results if isinstance(r, Exception)]
    for each in found:
        if not isinstance(each, Problem):
            raise each
    return sorted(each.code for each in found if isinstance(each, Problem))


def test_two_buyers_of_the_one_thing() -> None:
    one = listing()
    item = one.product.variants.get()

    results = run_at_once(*[lambda: make.place((item, 1)) for _ in range(8)])

    assert codes(results) == ["sold_out"] * 7


def test_release_and_dispute_at_once_end_one_way() -> None:
    order, buyer = an_arrived_order()
    held = Escrow.objects.get()

    def release() -> Escrow:
        # due for the job, a moment before the buyer's clock says so
        Escrow.objects.filter(pk=held.pk).update(release_at=clock.now() - dt.timedelta(seconds=1))
        return market.release_escrow(actor=SYSTEM, escrow_id=held.pk)

    results = run_at_once(release, complain(order, buyer), release)

    held.refresh_from_db()
    assert set(codes(results)) <= {"dispute_too_late"}
    if Dispute.objects.exists():
        assert held.state == "disputed"
        assert balance("escrow", order.pk) == 10_000
    else:
        assert held.state == "released"
        assert balance("earner_payable", order.shop.owner_id) == 10_000
    assert verify().clean


def test_control_without_locks_the_orderly_answer_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order, buyer = an_arrived_order()
    held = Escrow.objects.get()
    no_locks(monkeypatch)
    meanwhile = between(monkeypatch, disputes, "_check_in_time")

    def release() -> Escrow:
        Escrow.objects.filter(pk=held.pk).update(release_at=clock.now() - dt.timedelta(seconds=1))
        return market.release_escrow(actor=SYSTEM, escrow_id=held.pk)

    results = run_at_once(complain(order, buyer), meanwhile(release))

    # only the conditional UPDATE of the state stands between now
    assert codes(results) == ["illegal_transition"]


def test_two_decisions_at_once_move_money_once() -> None:
    order, buyer = an_arrived_order()
    dispute = complain(order, buyer)()
    office = make.actor(make.staff("support"))

    def decide(amount: int) -> Callable[[], Dispute]:
        return lambda: market.decide_dispute(
            actor=office, dispute_id=dispute.pk, refund_amount=amount, reason="So be it."
        )

    results = run_at_once(decide(4_000), decide(7_000), decide(0))

    assert codes(results) == ["dispute_ended"] * 2
    dispute.refresh_from_db()
    order.refresh_from_db()
    assert order.refunded_amount == dispute.refund_amount
    assert balance("escrow", order.pk) == 0
    assert balance("earner_payable", order.shop.owner_id) == 10_000 - order.refunded_amount
    assert verify().clean


def test_control_two_decisions_without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    order, buyer = an_arrived_order()
    dispute = complain(order, buyer)()
    office = make.actor(make.staff("support"))
    no_locks(monkeypatch)
    meet(monkeypatch, disputes, "_check_open", parties=2)

    def decide(amount: int) -> Callable[[], Dispute]:
        return lambda: market.decide_dispute(
            actor=office, dispute_id=dispute.pk, refund_amount=amount, reason="So be it."
        )

    results = run_at_once(decide(4_000), decide(7_000))

    assert codes(results) == ["illegal_transition"]  # both had passed the check
