"""A chargeback heard by several at once, and beside refunds: booked once, and never too much."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from banyan.kernel import clock, locks
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.kernel.problems import Busy, Conflict
from banyan.ledger.proof import verify
from banyan.orders import actions as orders
from banyan.orders.models import Order, OrderRefund
from banyan.payments import actions
from banyan.payments.access import get_intent_of
from banyan.payments.actions import chargebacks
from banyan.payments.models import Chargeback, ChargebackMove, Intent
from banyan.payments.providers.base import BankMove, ChargebackState
from tests.payments.fixtures import till_settings
from tests.payments.scripted import script
from tests.payments.till import balance
from tests.support import factories
from tests.support.recount import recount
from tests.support.threads import kinds, run_at_once, run_concurrently
from tests.support.weakened import meet, no_locks, without_check

__all__ = ["till_settings"]

pytestmark = pytest.mark.usefixtures("threaded_db")
CRON = Actor.system("test")
REF = "du_1"


def paid_order() -> Order:
    checkout = factories.place((factories.variant(price=10_000), 1), provider="scripted")
    return factories.pay(checkout).orders.get()


def told(order: Order, state: str, *moves: int) -> ChargebackState:
    """Return what the provider says: ``moves`` are what was taken, one after the other."""
    now = clock.now()
    return ChargebackState(
        provider_ref=REF,
        payment_ref=get_intent_of("checkout", order.checkout_id).provider_ref,
        state=state,
        money=Money(abs(moves[0]), order.currency),
        reason="fraudulent",
        due_by=now + dt.timedelta(days=9),
        opened_at=now,
        moves=[
            BankMove(
                ref=f"txn_{n}",
                taken=Money(amount, order.currency),
                fee=Money(1500 if not n else 0, order.currency),
                at=now + dt.timedelta(seconds=n),
            )
            for n, amount in enumerate(moves)
        ],
    )


def hear() -> Any:
    return actions.hear_chargeback(actor=CRON, provider="scripted", provider_ref=REF)


@pytest.mark.parametrize("end", ["won", "lost"])
def test_heard_by_many_at_once_it_is_booked_once(end: str) -> None:
    order = paid_order()
    paid = order.total_amount
    script.chargebacks[REF] = told(order, end, paid, *([-paid] if end == "won" else []))

    results = run_concurrently(hear, 6)

    assert all(not isinstance(one, Exception) or isinstance(one, Busy) for one in results)
    hear()
    assert Chargeback.objects.get().state == end
    assert balance("shop_payable", owner_id=order.shop_id) == (paid if end == "won" else 0)
    assert balance("provider_fees") == -1500
    assert balance("clearing") == 0
    assert OrderRefund.objects.count() == (end == "lost")
    assert verify().clean
    assert recount() == {}


def test_words_of_different_moments_at_once_come_to_the_last_one() -> None:
    order = paid_order()
    paid = order.total_amount
    said = [told(order, "needs_response", paid), told(order, "won", paid, -paid)] * 3
    script.chargebacks[REF] = said[-1]

    class Answers(dict[str, ChargebackState]):
        def __getitem__(self, ref: str) -> ChargebackState:
            return said.pop() if said else super().__getitem__(ref)

    script.chargebacks = Answers(script.chargebacks)
    results = run_concurrently(hear, 6)

    assert all(not isinstance(one, Exception) or isinstance(one, Busy) for one in results)
    hear()
    assert (Chargeback.objects.get().state, Chargeback.objects.get().taken_amount) == ("won", 0)
    assert ChargebackMove.objects.count() == 2
    assert balance("shop_payable", owner_id=order.shop_id) == paid
    assert verify().clean


def grant(order: Order, key: str) -> OrderRefund:
    return orders.grant_refund(
        actor=factories.actor(order.shop.owner),
        order_id=order.pk,
        amount=order.total_amount,
        reason="broken",
        key=key,
    )


def test_the_bank_and_the_shop_at_once_never_give_back_more_than_was_paid() -> None:
    order = paid_order()
    script.chargebacks[REF] = told(order, "needs_response", order.total_amount)

    results = run_at_once(hear, lambda: grant(order, "a"), hear, lambda: grant(order, "b"))

    assert all(not isinstance(one, Exception) or isinstance(one, Conflict | Busy)
               for one in results), kinds(results)  # fmt: skip
    hear()
    script.chargebacks[REF] = told(order, "lost", order.total_amount)
    hear()
    intent = Intent.objects.get()
    assert intent.refunded_amount + intent.charged_back_amount == order.total_amount
    assert balance("shop_payable", owner_id=order.shop_id) == 0
    assert balance("clearing") == 0
    order.refresh_from_db()
    assert order.refunded_amount == order.total_amount
    assert verify().clean


def test_control_without_lock_and_condition_more_is_taken_than_was_paid(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order = paid_order()
    intent = Intent.objects.get()
    rows = [
        Chargeback(intent=intent, provider="scripted", provider_ref=ref, currency=order.currency)
        for ref in ("du_1", "du_2")
    ]
    no_locks(monkeypatch)
    meet(monkeypatch, chargebacks, "covered_by", parties=2)
    monkeypatch.setattr(chargebacks, "_has_room", lambda rows, _promised, _taken: rows)

    with without_check("payments_intent", "intent_chargeback_within_capture"):
        run_at_once(*(lambda row=row: chargebacks._take(intent, row, 10_000) for row in rows))
        intent.refresh_from_db()
        assert intent.charged_back_amount == 20_000 > intent.captured_amount
        Intent.objects.update(charged_back_amount=0)


def test_without_the_lock_the_condition_still_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    order = paid_order()
    intent = Intent.objects.get()
    rows = [
        Chargeback(intent=intent, provider="scripted", provider_ref=ref, currency=order.currency)
        for ref in ("du_1", "du_2")
    ]
    monkeypatch.setattr(locks, "take", lambda *keys: None)
    meet(monkeypatch, chargebacks, "covered_by", parties=2)

    took = run_at_once(*(lambda row=row: chargebacks._take(intent, row, 10_000) for row in rows))

    intent.refresh_from_db()
    assert sorted(took, key=str) == [0, None]
    assert intent.charged_back_amount == 10_000
