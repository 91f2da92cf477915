"""Refunds granted by many at once: never more than was paid, one for each key, and exact books."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connection
from django.db.models import F

from banyan.earnings import actions as earnings
from banyan.earnings import queries
from banyan.earnings.actions.payees import Members
from banyan.earnings.models import Commission, PayoutItem
from banyan.entitlements.models import Coupon
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Busy, Conflict, IdempotencyMismatch, Invalid
from banyan.ledger.proof import verify
from banyan.orders import actions as orders
from banyan.orders.actions import refunds
from banyan.orders.models import Order, OrderRefund
from banyan.payments import jobs
from banyan.payments.actions import refunds as payment_refunds
from banyan.payments.models import Intent, Payout, Refund
from banyan.people.models import Account
from banyan.sharing import actions as sharing
from tests.earnings import story
from tests.payments.fixtures import till_settings
from tests.payments.scripted import script
from tests.payments.till import balance
from tests.support import factories as make
from tests.support.recount import recount
from tests.support.threads import kinds, run_at_once, run_concurrently
from tests.support.weakened import meet, no_locks, without_check

__all__ = ["till_settings"]
pytestmark = pytest.mark.usefixtures("threaded_db")


def _paid_order(*, price: int = 1_000, provider: str = "scripted") -> Order:
    shop = make.shop()
    checkout = make.place((make.variant(shop, price=price), 1), provider=provider)
    return make.pay(checkout).orders.get()


def _grant(order: Order, *, amount: int, key: str, **more: Any) -> OrderRefund:
    return orders.grant_refund(
        actor=make.actor(order.shop.owner),
        order_id=order.pk,
        amount=amount,
        reason="broken",
        key=key,
        **more,
    )


def _sent() -> int:
    """Return what the provider was asked to send back, in minor units."""
    return sum(asked.money.amount for asked in script.asked("refund"))


def _settle_all() -> None:
    from banyan.payments import actions as payments

    for refund in Refund.objects.filter(state="submitted"):
        payments.settle_refund(
            actor=Actor.provider("scripted"),
            refund_id=refund.pk,
            sequence=refund.sequence,
            succeeded=True,
            provider_ref=f"rf_{refund.pk}",
        )


def test_refunds_of_many_staff_at_once_never_exceed_what_was_paid() -> None:
    order = _paid_order()

    results = run_at_once(
        *[lambda k=f"r{i}": _grant(order, amount=400, key=k) for i in range(6)],
        jobs.run_sweep,
        jobs.run_sweep,
    )[:6]
    run_concurrently(jobs.run_sweep, 3)
    _settle_all()

    granted = [r for r in results if isinstance(r, OrderRefund)]
    assert len(granted) == 2, kinds(results)
    assert all(isinstance(r, Invalid | Busy | Conflict) for r in results if r not in granted)
    assert Order.objects.get(pk=order.pk).refunded_amount == 800
    assert _sent() == 800
    assert balance("clearing") == 0
    assert recount() == {}
    assert verify().clean


def test_partial_refunds_with_keys_of_their_own_add_up_to_all_of_it() -> None:
    order = _paid_order()

    results = run_at_once(
        *[lambda k=f"p{i}": _grant(order, amount=250, key=k) for i in range(4)],
    )

    assert kinds(results) == {"OrderRefund": 4}
    jobs.run_sweep()
    _settle_all()
    order.refresh_from_db()
    assert (order.refunded_amount, order.state) == (1_000, "closed")
    assert (_sent(), balance("clearing"), balance("gateway", "scripted")) == (1_000, 0, 0)
    assert recount() == {}


def test_burned_09_one_key_at_once_is_one_refund() -> None:
    order = _paid_order()

    results = run_concurrently(lambda: _grant(order, amount=400, key="same"), 6)

    assert kinds(results) == {"OrderRefund": 6}
    assert len({r.pk for r in results}) == 1
    assert Order.objects.get(pk=order.pk).refunded_amount == 400
    assert recount() == {}


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": 500},
        {"restock": True},
        {"reason": "another"},
        {"lines": "other part"},
    ],
    ids=lambda c: next(iter(c)),
)
def test_burned_09_a_known_key_with_other_content_is_refused_and_writes_nothing(
    changed: dict[str, Any],
) -> None:
    order = _paid_order()
    first = _grant(order, amount=400, key="same")
    if "lines" in changed:
        changed = {"lines": {order.lines.get().pk: 300}}
    content: dict[str, Any] = {"amount": 400, "reason": "broken", "key": "same"} | changed

    with pytest.raises(IdempotencyMismatch) as refused:
        orders.grant_refund(actor=make.actor(order.shop.owner), order_id=order.pk, **content)

    assert refused.value.status == 422
    assert OrderRefund.objects.get() == first
    assert Order.objects.get(pk=order.pk).refunded_amount == 400
    assert Refund.objects.count() == 1


def test_burned_09_the_key_of_another_order_is_refused() -> None:
    first, second = _paid_order(), _paid_order()
    _grant(first, amount=400, key="same")
    with pytest.raises(IdempotencyMismatch):
        _grant(second, amount=400, key="same")
    assert Order.objects.get(pk=second.pk).refunded_amount == 0


def test_burned_09_a_buyer_who_asks_twice_at_once_has_asked_once() -> None:
    order = _paid_order()

    def ask(amount: int = 400) -> OrderRefund:
        return orders.ask_refund(
            actor=Actor.guest(),
            order_id=order.pk,
            amount=amount,
            reason="too small",
            key="asked",
            access_token=order.checkout.access_token,
        )

    results = run_concurrently(ask, 6)
    assert kinds(results) == {"OrderRefund": 6}
    assert OrderRefund.objects.get().state == "requested"
    with pytest.raises(IdempotencyMismatch):
        ask(401)


def test_granting_and_refusing_one_request_at_once_is_one_answer() -> None:
    ends = set()
    for _ in range(4):
        order = _paid_order()
        asked = orders.ask_refund(
            actor=Actor.guest(),
            order_id=order.pk,
            amount=400,
            reason="too small",
            key=f"ask{order.pk}",
            access_token=order.checkout.access_token,
        )
        owner = make.actor(order.shop.owner)

        def grant(asked: OrderRefund = asked, order: Order = order) -> OrderRefund:
            return orders.grant_refund(
                actor=make.actor(order.shop.owner),
                order_id=order.pk,
                amount=400,
                reason=asked.reason,
                key=asked.key,
                request_id=asked.pk,
            )

        def refuse(asked: OrderRefund = asked, owner: Actor = owner) -> OrderRefund:
            return orders.refuse_refund(actor=owner, refund_id=asked.pk, reason="no")

        results = run_at_once(grant, refuse, grant)
        asked.refresh_from_db()
        order.refresh_from_db()
        ends.add(asked.state)
        assert order.refunded_amount == (400 if asked.state == "processing" else 0)
        refused = {r.code for r in results if isinstance(r, Conflict)}
        assert refused == {"refund_not_open"}, results
    assert ends <= {"processing", "refused"}
    assert recount() == {}


def test_control_without_lock_and_conditions_refunds_exceed_what_was_paid(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order = _paid_order()

    def reserve_unasked(intent: Intent, amount: int) -> bool:
        Intent.objects.filter(pk=intent.pk).update(refunded_amount=F("refunded_amount") + amount)
        return True

    no_locks(monkeypatch)
    monkeypatch.setattr(payment_refunds, "_reserve", reserve_unasked)
    meet(monkeypatch, refunds, "_spread", parties=4)
    with (
        without_check("orders_order", "order_refund_within_total"),
        without_check("orders_orderline", "order_line_refund_within_price"),
        without_check("payments_intent", "intent_refund_within_capture"),
        without_check("payments_intent", "intent_chargeback_within_capture"),
    ):
        results = run_at_once(
            *[lambda k=f"r{i}": _grant(order, amount=400, key=k) for i in range(4)]
        )
        refunded = Order.objects.get(pk=order.pk).refunded_amount
        with connection.cursor() as cursor:
            for table in ("orders_order", "orders_orderline", "payments_intent"):
                cursor.execute(f"UPDATE {table} SET refunded_amount = 0")

    assert kinds(results) == {"OrderRefund": 4}, results
    assert (refunded, order.total_amount) == (1_600, 1_000)


# -- commissions that were payable, or paid out ---------------------------------------------------


def _payable(price: int = 10_000) -> tuple[Account, Order]:
    """Ana shared, somebody bought and received, and the return window is over."""
    shop = make.shop()
    earnings.set_plan(actor=make.actor(shop.owner), shop_id=shop.pk, rate_bps=1_000)
    item = make.variant(shop, price=price)
    ana = make.member("ana")
    link = sharing.share(
        actor=make.actor(ana), target_kind="product", target_id=item.product_id, via=None
    )
    buyer = make.member("cy")
    order = make.pay(make.place((item, 1), via=link.code, buyer=buyer)).orders.get()
    orders.ship(actor=make.actor(shop.owner), order_id=order.pk, carrier="SF")
    orders.confirm_receipt(actor=make.actor(buyer), order_id=order.pk)
    with clock.at(clock.now() + dt.timedelta(days=91)):
        earnings.release_due(actor=story.SYSTEM)
    assert story.book(ana) == price // 10
    return ana, order


def _pay_out() -> None:
    batch = earnings.draft_batch(actor=story.FINANCE, minimum=1)
    earnings.submit_batch(actor=story.FINANCE, batch_id=batch.pk, provider="sandbox")


def _statement(account: Account) -> list[int]:
    lines = queries.statement(account_id=account.pk, currency="CNY")
    return [line.amount.amount for line in lines]


@pytest.mark.parametrize("round_", range(3))
def test_burned_08_a_refund_while_a_payout_is_built_nets_to_zero(round_: int) -> None:
    ana, order = _payable()

    results = run_at_once(
        _pay_out,
        lambda: _grant(order, amount=4_000, key="part"),
        lambda: _grant(order, amount=3_500, key="more"),
    )
    failed = [r for r in results if isinstance(r, Exception)]
    assert not failed, failed
    payout = Payout.objects.get()
    assert payout.amount in {1_000, 600, 650, 250}, "what stood there when it was taken"
    run_at_once(lambda: story.settle(payout.pk), lambda: _grant(order, amount=2_500, key="rest"))

    commission = Commission.objects.get()
    assert (commission.state, commission.reversed_amount) == ("reversed", 1_000)
    assert PayoutItem.objects.get().state == "paid"
    # All of it was taken back, so what was paid out is owed.
    assert story.book(ana) == -payout.amount
    assert sum(_statement(ana)) == -payout.amount
    assert (1_000 in _statement(ana), -payout.amount in _statement(ana)) == (True, True)
    assert story.shop_balance(order.shop) == 0
    assert recount() == {}
    assert verify().clean


def test_burned_08_after_the_payout_the_earner_goes_below_zero_and_the_statement_says_so() -> None:
    ana, order = _payable()
    with clock.at(clock.now() + dt.timedelta(days=92)):
        _pay_out()
        story.settle(Payout.objects.get().pk)
        assert Commission.objects.get().state == "paid"

        _grant(order, amount=4_000, key="part")

    assert story.book(ana) == -400
    assert _statement(ana) == [1_000, -1_000, -400]
    last = queries.statement(account_id=ana.pk, currency="CNY")[-1]
    assert last.balance.amount == -400
    assert recount() == {}
    assert verify().clean


def test_burned_08_a_payout_that_fails_while_a_refund_comes_is_still_exact() -> None:
    ana, order = _payable()
    _pay_out()
    payout = Payout.objects.get()

    results = run_at_once(
        lambda: story.settle(payout.pk, succeeded=False),
        lambda: _grant(order, amount=4_000, key="part"),
    )

    assert not [r for r in results if isinstance(r, Exception)], results
    assert story.book(ana) == 600
    assert Commission.objects.get().state == "payable"
    assert recount() == {}
    assert verify().clean


def test_burned_08_control_without_locks_the_payout_takes_what_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ana, order = _payable()
    no_locks(monkeypatch)
    payable = Members.payable
    read, refunded, asked = threading.Event(), threading.Event(), iter(range(2))

    def reads_before_and_pays_after(self: Members, *accounts: Any) -> Any:
        before = payable(self, *accounts)
        if next(asked):  # not for the draft, for the approval
            read.set()
            assert refunded.wait(timeout=20), "nothing holds the refund up"
        return before

    monkeypatch.setattr(Members, "payable", reads_before_and_pays_after)

    def a_little_later() -> None:
        assert read.wait(timeout=20)
        line = order.lines.get()
        story.deliver_refund(order, story.refund_event(order, [(line, 10_000)]))
        refunded.set()

    run_at_once(_pay_out, a_little_later)

    # With the lock it is one of 1,000 before or nothing after; here it pays out money taken back.
    assert (Payout.objects.get().amount, story.book(ana)) == (1_000, -1_000)
    assert not Coupon.objects.exists()
